import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { FrontierPointView, SweepAt } from '../../orchestrator/browser/api/index.js';
import { thresholdText } from '../../orchestrator/browser/ui/pages/sweep/points.js';
import { count, fixed, percent } from '../../orchestrator/browser/ui/shared/format.js';
import { becomes, cellsOf, queryOf, select } from './look.js';
import type { World } from './world.js';

interface Sweep {
  readonly points: readonly FrontierPointView[];
  readonly chosen: { readonly threshold: number };
}

export function sweepPage(world: () => World): void {
  test('at every threshold that is typed or slid to, the numbers are those of vauto sweep', async () => {
    const { points, chosen } = await world().json<Sweep>('sweep', 'small');
    const page = await world().open('/runs/small/sweep');
    await page.getByText(`Chosen τ = ${thresholdText(chosen.threshold)}`).waitFor();
    await becomes(() => shown(page), expected(pointAt(points, chosen.threshold)));
    const some = [0, 1, Math.floor(points.length / 2), points.length - 2, points.length - 1];
    for (const place of some) {
      const point = points[place];
      if (point === undefined) throw new Error(`no point ${place} of ${points.length}`);
      await page.getByLabel('τ', { exact: true }).fill(String(point.threshold));
      await page.keyboard.press('Enter');
      await becomes(() => shown(page), expected(point));
      await becomes(() => queryOf(page).threshold, String(point.threshold));
      await checkSwitched(world(), page, point.threshold);
    }
    const slider = page.getByRole('slider');
    await slider.press('ArrowRight');
    await becomes(() => shown(page), expected(points[points.length - 2]));
    await slider.press('End');
    await becomes(() => shown(page), expected(points[0]));
    await page.getByRole('button', { name: 'Back to the chosen τ' }).click();
    await becomes(() => shown(page), expected(pointAt(points, chosen.threshold)));
  });

  test('between two points nothing is made up, and a link opens the same', async () => {
    const { points } = await world().json<Sweep>('sweep', 'small');
    const [one, other] = [points[3], points[4]];
    if (one === undefined || other === undefined) throw new Error('too few points');
    const between = (one.threshold + other.threshold) / 2;
    const page = await world().open(`/runs/small/sweep?threshold=${between}`);
    await becomes(() => shown(page), expected(one));
    await checkSwitched(world(), page, between);
  });

  test('one benchmark alone', async () => {
    const { chosen } = await world().json<Sweep>('sweep', 'small');
    const { points } = await world().json<Sweep>('sweep', 'small', '--benchmark', 'grounding');
    const page = await world().open('/runs/small/sweep');
    await select(page, 'Benchmark').selectOption('grounding');
    await becomes(() => queryOf(page).benchmark, 'grounding');
    await becomes(() => shown(page), expected(pointAt(points, chosen.threshold)));
    await page
      .getByRole('button', { name: /^grounding\b.*right/ })
      .first()
      .click();
    await becomes(() => queryOf(page).benchmark, undefined);
  });
}

/** Of falling thresholds, the last that is not below. */
function pointAt(points: readonly FrontierPointView[], threshold: number): FrontierPointView | undefined {
  return points.findLast((point) => point.threshold >= threshold);
}

async function shown(page: Page): Promise<Record<string, string | undefined>> {
  const rows = await cellsOf(page.locator('.numbers table'));
  const cell = (name: string) => rows.find(([title]) => title === name)?.[1];
  const names = ['accuracy', 'think ratio', 'mean tokens', 'exit accuracy', 'think recall'];
  return Object.fromEntries(names.map((name) => [name, cell(name)]));
}

function expected(point: FrontierPointView | undefined): Record<string, string> {
  if (point === undefined) throw new Error('there is no such point');
  return {
    ...{ accuracy: percent(point.accuracy), 'think ratio': percent(point.thinkRatio) },
    ...{ 'mean tokens': fixed(point.meanTokens), 'exit accuracy': percent(point.exitAccuracy) },
    'think recall': percent(point.thinkRecall),
  };
}

async function checkSwitched({ api }: World, page: Page, threshold: number): Promise<void> {
  const { switched } = await api<SweepAt>(`/api/runs/small/sweep/at?threshold=${threshold}&limit=50`);
  const { total, fixed: mended, broken, rows } = switched;
  const part = page.locator('section.switched:not(.stale)');
  if (total === 0)
    return becomes(async () => /None|^0 switch/.test((await part.locator('p').textContent()) ?? ''), true);
  const words = `${count(total)} switch: ${mended} fixed, ${broken} broken, ${total - mended - broken} the same.`;
  await becomes(() => part.locator('> p').textContent(), words);
  expect(await part.locator('tbody tr').count()).toBe(rows.length);
}

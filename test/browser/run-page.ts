import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import type { EvaluationRow, RunDetail } from '../../orchestrator/browser/api/index.js';
import { count, fixed, percent } from '../../orchestrator/browser/ui/shared/format.js';
import { becomes, cellsOf, texts } from './look.js';
import type { World } from './world.js';

const STAGES = ['evaluate-before', 'evaluate'];

export function runPage(world: () => World): void {
  test('evaluation, ledger and stages are those of the API', async () => {
    const detail = await world().api<RunDetail>('/api/runs/small');
    const page = await world().open('/runs/small');
    const evaluation = page.locator('table.evaluation');
    await evaluation.waitFor();
    // The name of a benchmark stands once for all its policies.
    const rows = (await cellsOf(evaluation)).map((cells) => cells.slice(-7));
    expect(rows).toEqual(expectedRows(detail.evaluation));
    expect(await texts(page.locator('table.timeline tbody th'))).toEqual(detail.stages.map(({ name }) => name));

    const ledger = await cellsOf(page.locator('section', { hasText: 'Prompts in' }).locator('table').last());
    const { rollouts, failures, cached, retried } = detail.ledger;
    const stages = detail.ledger.stages.filter(({ units, promptsIn }) => units + promptsIn > 0);
    expect(ledger.map(([stage]) => stage)).toEqual([...stages.map(({ stage }) => stage), 'all']);
    expect(ledger.map((cells) => cells.at(-1))).toEqual(ledger.map(() => '0'));
    expect(ledger.at(-1)?.slice(4, 8)).toEqual([rollouts, failures, cached, retried].map(count));
  });

  test('the curves of training are drawn', async () => {
    const { steps } = await world().api<{ steps: unknown[] }>('/api/runs/small/steps');
    expect(steps).toHaveLength(3);
    const page = await world().open('/runs/small');
    const plots = page.locator('.curves .plot canvas');
    await plots.first().waitFor();
    await becomes(async () => (await inked(plots)).every(Boolean), true);
    expect(await plots.count()).toBeGreaterThan(3);
    const titles = await texts(page.locator('.curves h3'));
    await page.getByLabel('all numbers').check();
    await becomes(async () => (await page.locator('.curves h3').count()) > titles.length, true);
    await page.reload();
    await becomes(async () => (await page.locator('.curves h3').count()) > titles.length, true);
  });
}

/** Whether something is drawn on each canvas. */
function inked(canvases: Locator): Promise<boolean[]> {
  return canvases.evaluateAll((found) =>
    found.map((canvas) => {
      if (!(canvas instanceof HTMLCanvasElement) || canvas.width === 0) return false;
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
      return pixels?.some((value) => value !== 0) ?? false;
    }),
  );
}

/** Policy, then accuracy, tokens and think ratio before and after training. */
function expectedRows(rows: readonly EvaluationRow[]): string[][] {
  const unique = (values: string[]) => [...new Set(values)];
  return unique(rows.map(({ benchmark }) => benchmark)).flatMap((benchmark) => {
    const own = rows.filter((row) => row.benchmark === benchmark);
    return unique(own.map(({ policy }) => policy)).map((policy) => {
      const pair = STAGES.map((stage) => own.find((row) => row.policy === policy && row.stage === stage));
      return [
        policy,
        ...pair.map((row) => share(row?.accuracy)),
        ...pair.map((row) => fixed(row?.tokens)),
        ...pair.map((row) => percent(row?.thinkRatio)),
      ];
    });
  });
}

function share(of: EvaluationRow['accuracy'] | undefined): string {
  if (of?.value === null || of === undefined) return '–';
  const interval =
    of.low === null || of.high === null ? '' : `${(100 * of.low).toFixed(1)}–${(100 * of.high).toFixed(1)}`;
  return percent(of.value) + interval;
}

import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { RunRow, RunsAnswer } from '../../orchestrator/browser/api/index.js';
import { count, duration, fixed, percent } from '../../orchestrator/browser/ui/shared/format.js';
import { becomes, queryOf, select, texts } from './look.js';
import { MADE, OTHER, type World } from './world.js';

const names = (page: Page) => texts(page.locator('table.runs a.name'));

export function runsPage(world: () => World): void {
  test('every run is there, with the numbers of vauto runs list', async () => {
    const { runs } = await world().json<RunsAnswer>('runs', 'list');
    const page = await world().open('/');
    await becomes(
      () => names(page),
      runs.map(({ name }) => name),
    );
    expect(runs.map(({ name }) => name)).toEqual(expect.arrayContaining(['small', OTHER, ...MADE]));
    for (const run of runs) expect(await numbersOf(page, run.name)).toEqual(expectedOf(run));
  });

  /** Runs that are done; other tests leave some in the shared folder. */
  const namesBy = async (order: string) =>
    (await world().api<RunsAnswer>(`/api/runs?status=done&${order}`)).runs.map(({ name }) => name);

  test('text, status and order choose the runs, stand in the address and outlive a reload', async () => {
    const page = await world().open('/');
    await page.locator('input[type=search]').fill('half the learning');
    await becomes(() => names(page), ['beta']);
    expect(queryOf(page)).toEqual({ q: 'half the learning' });
    await page.getByRole('button', { name: 'Clear' }).click();
    await select(page, 'Status').selectOption('done');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await becomes(() => names(page), await namesBy('sort=name'));
    await page.getByRole('button', { name: 'Rollouts' }).click();
    const { runs } = await world().api<RunsAnswer>('/api/runs?status=done&sort=rollouts&order=desc');
    const sorted = runs.map(({ name }) => name);
    await becomes(() => names(page), sorted);
    expect(runs.map(({ rollouts }) => rollouts)).toEqual(runs.map(({ rollouts }) => rollouts).sort((a, b) => b - a));
    expect(queryOf(page)).toEqual({ status: 'done', sort: 'rollouts' });
    await page.reload();
    await becomes(() => names(page), sorted);
    expect(await select(page, 'Status').inputValue()).toBe('done');
    expect(await page.locator('th[aria-sort=descending]').textContent()).toContain('Rollouts');
  });

  test('runs that are chosen with the keyboard are compared', async () => {
    const page = await world().open('/?status=done&sort=name');
    const known = await namesBy('sort=name');
    await becomes(() => names(page), known);
    for (const key of ['j', 'x', 'j', 'x']) await page.keyboard.press(key);
    await page.getByRole('button', { name: 'Compare 2 runs' }).click();
    await becomes(() => new URL(page.url()).searchParams.getAll('run'), known.slice(0, 2));
  });
}

async function numbersOf(page: Page, name: string): Promise<Record<string, string>> {
  const row = page.locator('table.runs tbody tr', { has: page.getByRole('link', { name, exact: true }) });
  const cells = await row
    .locator('td[data-name]')
    .evaluateAll((found) => found.map((cell) => [cell.getAttribute('data-name'), cell.textContent]));
  const status = await row.locator('.chip').textContent();
  return Object.fromEntries([...cells.filter(([cell]) => cell !== 'started'), ['status', status]]);
}

function expectedOf(run: RunRow): Record<string, string> {
  return {
    ...{ status: run.status, stage: run.stage ?? '', accuracy: percent(run.accuracy), tokens: fixed(run.meanTokens) },
    ...{ 'think ratio': percent(run.thinkRatio, 0), rollouts: count(run.rollouts), worked: duration(run.seconds) },
  };
}

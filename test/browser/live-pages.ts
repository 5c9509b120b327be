import { expect, test } from 'vitest';
import type { TracesAnswer } from '../../orchestrator/browser/api/index.js';
import { vauto } from '../integration/shared-run.js';
import { becomes, texts } from './look.js';
import { replayArgs } from './replay.js';
import type { World } from './world.js';

const RUN = 'late';

export function livePages(world: () => World): void {
  const start = async (...until: string[]) => {
    const { exitCode, stderr } = await vauto([...replayArgs(world().runs, RUN, world().replay), ...until]);
    expect(exitCode, stderr).toBe(0);
  };

  test('a run that is started shows up, and what it does, without a reload', async () => {
    const list = await world().open('/');
    await list.getByRole('link', { name: 'small', exact: true }).waitFor();
    await list.evaluate('window.opened = 1');
    await start('--until', 'filter');
    const row = list.locator('table.runs tbody tr', { has: list.getByRole('link', { name: RUN, exact: true }) });
    await row.waitFor();
    await becomes(() => row.locator('td[data-name=stage]').textContent(), 'filter');

    const run = await world().open(`/runs/${RUN}`);
    const lines = run.locator('.log li');
    await lines.first().waitFor();
    await run.evaluate('window.opened = 1');
    const before = await lines.count();
    const traces = await world().open(`/runs/${RUN}/traces`);
    await traces.locator('#row-0 .prompt a').waitFor();
    await start();
    await becomes(() => row.locator('.chip').textContent(), 'done');
    await becomes(() => row.locator('td[data-name=stage]').textContent(), 'report');
    await becomes(() => texts(run.locator('table.timeline tbody th')), ['filter', 'evaluate', 'sweep', 'report']);
    await becomes(() => run.locator('h1 + .facts .chip').textContent(), 'done');
    await becomes(async () => (await lines.count()) > before, true);
    await run.locator('table.evaluation').waitFor();
    const { all } = await world().api<TracesAnswer>(`/api/runs/${RUN}/traces`);
    await traces.locator('.fresh').click();
    await becomes(() => traces.locator('.state-line .total').textContent(), `${all} of ${all} rollouts`);
    for (const page of [list, run]) expect(await page.evaluate('window.opened')).toBe(1);
  });
}

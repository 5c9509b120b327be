import { expect, test } from 'vitest';
import type { TraceDetail, TracesAnswer } from '../../orchestrator/browser/api/index.js';
import { HOSTILE, HOSTILE_RUN, LONG } from './hostile-run.js';
import { becomes } from './look.js';
import type { World } from './world.js';

const PATH = `/runs/${encodeURIComponent(HOSTILE_RUN)}`;

/** That nothing in them runs, opens or is asked for is looked at after each test of the whole. */
export function hostileTexts(world: () => World): void {
  const rollouts = async () => (await world().api<TracesAnswer>(`/api${PATH}/traces`)).rows;

  test('names, tags, notes and logs are text', async () => {
    const page = await world().open('/');
    await page.getByRole('link', { name: HOSTILE_RUN, exact: true }).waitFor();
    expect(await page.locator('.note', { hasText: HOSTILE[0] }).count()).toBe(1);
    await page.getByRole('button', { name: HOSTILE[1], exact: true }).click();
    await becomes(() => new URL(page.url()).searchParams.get('tag'), HOSTILE[1]);
    await page.getByRole('link', { name: HOSTILE_RUN, exact: true }).click();
    await page.getByRole('heading', { name: HOSTILE_RUN, level: 1 }).waitFor();
    await page.locator('.log').getByText(HOSTILE[1]).waitFor();
    expect(await page.locator('table.evaluation').textContent()).toContain(HOSTILE[1]);
    expect(await page.locator('main script, main iframe, main img[src=x], main svg[onload]').count()).toBe(0);
  });

  test('the table of rollouts and each of them', async () => {
    const page = await world().open(`${PATH}/traces`);
    const rows = await rollouts();
    expect(rows).toHaveLength(HOSTILE.length + 1);
    await becomes(() => page.locator('tr.line .prompt a').count(), rows.length);
    for (const text of HOSTILE) expect(await page.getByRole('link', { name: text, exact: true }).count()).toBe(1);
    await page.locator('#search').fill(HOSTILE[1]);
    await becomes(async () => page.locator('.state-line .total').textContent(), `2 of ${rows.length} rollouts`);
    for (const [place, text] of HOSTILE.entries()) {
      await page.goto(`${world().url}${PATH}/traces/${rows[place]?.id}`);
      const strip = page.getByLabel('Completion, token by token');
      await strip.waitFor();
      expect(await strip.textContent()).toContain(text);
      expect(await page.locator('.question').textContent()).toBe(text);
      expect(await page.locator('main a[href^="javascript:" i], main script, main iframe').count()).toBe(0);
    }
  });

  test('text that turns its direction moves nothing beside it', async () => {
    const turning = HOSTILE.findIndex((text) => text.includes('\u202e'));
    const page = await world().open(`${PATH}/traces`);
    const cell = page.locator('tr.line').nth(turning).locator('td.prompt');
    const [name, question] = [await cell.locator('a').boundingBox(), await cell.locator('a + *').boundingBox()];
    expect(name?.x).toBeLessThan(question?.x ?? 0);
  });

  test('a megabyte is shown within five seconds, as text', async () => {
    const id = (await rollouts()).at(-1)?.id;
    const { text } = await world().api<TraceDetail>(`/api/traces/${id}`);
    expect(text.length).toBeGreaterThan(LONG);
    const start = Date.now();
    const page = await world().open(`${PATH}/traces/${id}`);
    await page.getByLabel('Completion, token by token').waitFor();
    await page.getByLabel('plain text').check();
    await becomes(() => page.locator('pre.completion').textContent(), text);
    expect(Date.now() - start).toBeLessThan(5000);
    expect(await page.locator('main img[src=x]').count()).toBe(0);
  });

  test('compared with itself under another name', async () => {
    const page = await world().open(`/compare?${new URLSearchParams({ run: HOSTILE_RUN })}&run=small`);
    await page.getByRole('link', { name: HOSTILE_RUN, exact: true }).waitFor();
    await page.locator('table.accuracies').waitFor();
    expect(await page.locator('table.accuracies').textContent()).toContain(HOSTILE_RUN);
  });
}

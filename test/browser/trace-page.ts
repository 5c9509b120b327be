import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { FramesAnswer, TraceDetail, TracesAnswer } from '../../orchestrator/browser/api/index.js';
import { spanText } from '../../orchestrator/browser/ui/pages/trace/scale.js';
import { becomes, cellsOf, queryOf } from './look.js';
import type { World } from './world.js';

const FILTER = 'stage=evaluate&set=benchmark%3Agrounding&sort=tokens&order=desc';

export function tracePage(world: () => World): void {
  const grounding = async () => (await world().api<TracesAnswer>(`/api/runs/small/traces?${FILTER}`)).rows;
  const detailOf = (id: number | undefined) => world().api<TraceDetail>(`/api/traces/${id}?${FILTER}`);

  test('a grounding question: its frames, both spans, and the reward', async () => {
    const id = (await grounding())[0]?.id;
    const detail = await detailOf(id);
    const { frames } = await world().api<FramesAnswer>(`/api/traces/${id}/frames`);
    const page = await world().open(`/runs/small/traces/${id}?${FILTER}`);
    await page.getByRole('heading', { name: detail.row.promptId, level: 1 }).waitFor();
    await page.locator('.in-time img').first().waitFor();
    expect(frames.length).toBeGreaterThan(1);
    expect(await page.locator('.in-time img').count()).toBe(frames.length);
    await becomes(() => loaded(page), true);
    const gold = await page.locator('.spans.gold').textContent();
    for (const span of detail.spans.gold) expect(gold).toContain(spanText(span));
    const bars = await page.locator('.spans.gold .bars span').first().boundingBox();
    expect(bars?.width).toBeGreaterThan(5);
    expect(await page.locator('.spans').count()).toBe(
      Object.values(detail.spans).filter(({ length }) => length).length,
    );

    const sum = await cellsOf(page.locator('table.sum'));
    expect(sum.at(-1)?.[2]).toBe(`= ${Number(detail.reward?.total.toFixed(3))}`);
    const terms = sum.slice(0, -1).map((cells) => Number(cells[2]?.replace('−', '-')));
    expect(terms.reduce((all, term) => all + term, 0)).toBeCloseTo(detail.reward?.total ?? 0, 2);
  });

  test('a number of another run is shown under that run', async () => {
    const id = (await grounding())[0]?.id;
    const page = await world().open(`/runs/alpha/traces/${id}`);
    await becomes(() => new URL(page.url()).pathname, `/runs/small/traces/${id}`);
  });

  test('next and previous stay in the table that it was opened from', async () => {
    const rows = await grounding();
    const at = (page: Page) => Number(new URL(page.url()).pathname.split('/').at(-1));
    const page = await world().open(`/runs/small/traces/${rows[0]?.id}?${FILTER}`);
    await page.getByText(`1 of ${rows.length}`).waitFor();
    expect(await page.getByRole('link', { name: 'Previous rollout' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Next rollout' }).click();
    await becomes(() => at(page), rows[1]?.id);
    await page.getByText(`2 of ${rows.length}`).waitFor();
    await page.keyboard.press('n');
    await becomes(() => at(page), rows[2]?.id);
    await page.getByText(`3 of ${rows.length}`).waitFor();
    await page.getByRole('link', { name: 'Previous rollout' }).click();
    await becomes(() => at(page), rows[1]?.id);
    expect(queryOf(page)).toEqual(Object.fromEntries(new URLSearchParams(FILTER)));
  });

  test('the completion, its tokens, and the group of a rollout of the filter', async () => {
    const { rows } = await world().api<TracesAnswer>('/api/runs/small/traces?stage=filter&limit=1');
    const detail = await world().api<TraceDetail>(`/api/traces/${rows[0]?.id}`);
    const page = await world().open(`/runs/small/traces/${rows[0]?.id}`);
    const strip = page.getByLabel('Completion, token by token');
    await strip.waitFor();
    // The end token has no text.
    expect(await strip.locator('.token').count()).toBe(new Set([0, ...detail.tokenEnds]).size - 1);
    for (const name of ['first answer', 'think', 'second answer'])
      await strip.getByText(name, { exact: true }).waitFor();
    await page.getByLabel('plain text').check();
    expect(await page.locator('pre.completion').textContent()).toBe(detail.text);
    expect(await page.locator('table.group tbody tr').count()).toBe(detail.group.length);
  });
}

/** Whether every frame is there as a picture. Those outside the view are read when they are scrolled to. */
async function loaded(page: Page): Promise<boolean> {
  const frames = page.locator('.in-time img');
  for (const frame of await frames.all()) await frame.scrollIntoViewIfNeeded();
  return frames.evaluateAll((found) =>
    found.every((image) => image instanceof HTMLImageElement && image.complete && image.naturalWidth > 0),
  );
}

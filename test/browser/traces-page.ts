import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { Facets, TracesAnswer } from '../../orchestrator/browser/api/index.js';
import { count } from '../../orchestrator/browser/ui/shared/format.js';
import { becomes, queryOf, select } from './look.js';
import type { World } from './world.js';

const PATH = '/runs/small/traces';
const SQL = [
  ...["' OR 1=1 --", "'; DROP TABLE rollouts; --", '" OR ""="', '%', '_', '*', '\\', ') UNION SELECT 1,2,3 --'],
  ...['text : ( NEAR(', 'run : run1', '{text} : x', '"', '😀', '\u202e'],
];

export function tracesPage(world: () => World): void {
  const api = (query: Record<string, string>) =>
    world().api<TracesAnswer>(`/api/runs/small/traces?${new URLSearchParams(query)}`);
  const counted = async (query: Record<string, string>) => {
    const { total, all } = await api(query);
    return `${count(total)} of ${count(all)} rollouts`;
  };

  test('every filter stands in the address and keeps what the API keeps', async () => {
    const facets = await world().api<Facets>('/api/runs/small/facets');
    const prompt = (await api({ stage: 'evaluate' })).rows[0]?.promptId ?? '';
    const page = await world().open(PATH);
    await becomes(() => total(page), await counted({}));
    const last = (of: Facets['stages']) => of.at(-1)?.name ?? '';
    const cases: [Record<string, string>, () => Promise<unknown>][] = [
      [{ stage: 'evaluate' }, () => select(page, 'Stage').selectOption('evaluate')],
      [{ pass: last(facets.passes) }, () => select(page, 'Pass').selectOption(last(facets.passes))],
      [{ set: last(facets.sets) }, () => select(page, 'Set').selectOption(last(facets.sets))],
      [{ source: last(facets.sources) }, () => select(page, 'Source').selectOption(last(facets.sources))],
      [{ type: last(facets.types) }, () => select(page, 'Problem type').selectOption(last(facets.types))],
      [{ first: 'wrong' }, () => select(page, 'First answer').selectOption('wrong')],
      [{ second: 'wrong' }, () => select(page, 'Second answer').selectOption('wrong')],
      [{ gate: 'exit' }, () => select(page, 'Gate').selectOption('exit')],
      [{ state: 'unparsed' }, () => select(page, 'Verdict').selectOption('unparsed')],
      [{ prompt }, () => page.getByLabel('Prompt id').fill(prompt)],
      [{ minConfidence: '0.5' }, () => page.getByLabel('Confidence from').fill('0.5')],
      [{ maxConfidence: '0.9' }, () => page.getByLabel('Confidence to').fill('0.9')],
      [{ q: 'which colour' }, () => page.locator('#search').fill('which colour')],
    ];
    for (const [query, choose] of cases) {
      await choose();
      await becomes(() => queryOf(page), query);
      await becomes(() => total(page), await counted(query));
      await page.getByRole('button', { name: 'Clear all' }).click();
      await becomes(() => queryOf(page), {});
    }
    const kept = await Promise.all(cases.map(async ([query]) => (await api(query)).total));
    const { all } = await api({});
    expect(kept.filter((each) => each > 0 && each < all).length).toBeGreaterThan(9);
  });

  test('what is typed is never more than text', async () => {
    const { all } = await api({});
    for (const [input, name] of [
      ['#search', 'q'],
      ['#prompt-id', 'prompt'],
    ] as const) {
      const page = await world().open(PATH);
      for (const text of SQL) {
        await page.locator(input).fill(text);
        await page.locator(input).press('Enter');
        await becomes(() => queryOf(page), { [name]: text });
        await becomes(() => total(page), await counted({ [name]: text }));
        if (name === 'prompt') expect((await api({ prompt: text })).total).toBe(0);
      }
    }
    for (const name of ['stage', 'pass', 'set', 'source', 'type', 'first', 'gate', 'threshold', 'state', 'sort'])
      for (const text of SQL.slice(0, 3)) {
        const reply = await fetch(`${world().url}/api/runs/small/traces?${new URLSearchParams({ [name]: text })}`);
        expect([200, 400]).toContain(reply.status);
        if (reply.ok) expect(((await reply.json()) as TracesAnswer).total).toBe(0);
      }
    const page = await world().open(`/?${new URLSearchParams({ q: SQL[1] ?? '' })}`);
    await page.getByText('No run matches.').waitFor();
    expect((await api({})).all).toBe(all);
  });

  test('a link restores filters, order and the active row', async () => {
    const query = { stage: 'evaluate', second: 'right', sort: 'confidence', order: 'desc' };
    const { rows } = await api(query);
    const page = await world().open(`${PATH}?${new URLSearchParams({ ...query, row: '3' })}`);
    await becomes(() => total(page), await counted(query));
    expect(await select(page, 'Stage').inputValue()).toBe('evaluate');
    expect(await select(page, 'Second answer').inputValue()).toBe('right');
    expect(await page.locator('th[aria-sort=descending]').textContent()).toContain('Confidence');
    await becomes(() => page.locator('tr.active').getAttribute('id'), 'row-2');
    const wanted = rows[2];
    await becomes(() => page.locator('#row-2 .prompt a').textContent(), wanted?.promptId);
    await page.getByRole('button', { name: 'Tokens' }).click();
    await becomes(() => queryOf(page), { ...query, sort: 'tokens', order: 'asc' });
    const [first] = (await api({ ...query, sort: 'tokens', order: 'asc' })).rows;
    await becomes(() => page.locator('#row-0 .tokens').textContent(), count(first?.tokens));
    await page.goBack();
    await becomes(() => page.locator('#row-2 .prompt a').textContent(), wanted?.promptId);
  });

  test('the last row is reached by scrolling, rows in between are not kept in the page', async () => {
    const { total: all } = await api({});
    const [last] = (await api({ offset: String(all - 1) })).rows;
    const page = await world().open(PATH);
    await page.locator('#row-0 .prompt a').waitFor();
    await page.locator('tbody.body').evaluate((body) => body.scrollTo(0, body.scrollHeight));
    const link = page.locator(`#row-${all - 1} .prompt a`);
    await becomes(() => link.textContent(), last?.promptId);
    expect(await link.getAttribute('href')).toBe(`${PATH}/${last?.id}`);
    expect(await page.locator('tbody.body tr.line').count()).toBeLessThan(Math.min(120, all));
  });

  test('arrows and Enter open a trace, and the way back leads to its row', async () => {
    const { rows } = await api({ stage: 'evaluate' });
    const page = await world().open(`${PATH}?stage=evaluate`);
    await page.locator('#row-0 .prompt a').waitFor();
    await page.getByRole('grid').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp', 'Enter']) await page.keyboard.press(key);
    await becomes(() => new URL(page.url()).pathname, `${PATH}/${rows[2]?.id}`);
    await page.getByRole('heading', { name: rows[2]?.promptId ?? '', level: 1 }).waitFor();
    await page.keyboard.press('Escape');
    await becomes(() => page.locator('tr.active').getAttribute('id'), 'row-2');
  });
}

async function total(page: Page): Promise<string> {
  return ((await page.locator('.state-line .total').textContent()) ?? '').trim();
}

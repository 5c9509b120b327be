import { expect, test } from 'vitest';
import type { CompareAnswer, FlipsAnswer } from '../../orchestrator/browser/api/index.js';
import { count, percent, points } from '../../orchestrator/browser/ui/shared/format.js';
import { becomes, cellsOf, queryOf, texts } from './look.js';
import { OTHER, type World } from './world.js';

const QUERY = `run=small&run=${OTHER}`;

export function comparePage(world: () => World): void {
  test('accuracies, differences and flips are those of the API', async () => {
    const { benchmarks } = await world().api<CompareAnswer>(`/api/compare?${QUERY}`);
    const page = await world().open(`/compare?${QUERY}`);
    await page.locator('table.accuracies').waitFor();
    const accuracies = await cellsOf(page.locator('table.accuracies'));
    expect(accuracies.map(([benchmark]) => benchmark)).toEqual(benchmarks.map(({ benchmark }) => benchmark));
    for (const [place, { values }] of benchmarks.entries())
      for (const [run, value] of values.entries())
        expect(accuracies[place]?.[run + 1]).toContain(percent(value?.accuracy.value));

    const differences = await cellsOf(page.getByLabel(`Differences of ${OTHER}`).locator('table'));
    const known = benchmarks.map(({ differences: [difference] }) => difference);
    expect(differences.map((cells) => [cells[3], cells[4]])).toEqual(
      known.map((difference) => [count(difference?.fixed), count(difference?.broken)]),
    );
    for (const [place, difference] of known.entries())
      expect(differences[place]?.[1]).toContain(points(difference?.accuracy.value));
    // The other run stops earlier: there is something to see.
    expect(known.at(-1)?.broken).toBeGreaterThan(0);
  });

  test('a question that changed shows both traces', async () => {
    const { rows, total } = await world().api<FlipsAnswer>(`/api/compare/flips?${QUERY}&kind=broken`);
    const page = await world().open(`/compare?${QUERY}`);
    const broken = page.getByRole('button', { name: /^Broken/ });
    await becomes(() => broken.textContent(), `Broken ${count(total)}`);
    await broken.click();
    const questions = page.locator('table.flip-table td.question button');
    await becomes(
      () => texts(questions),
      rows.map(({ question }) => question),
    );
    await questions.nth(1).click();
    const links = page.locator('.pair a', { hasText: 'whole trace' });
    const sides = [rows[1]?.before.id, rows[1]?.after.id];
    const addresses = () => links.evaluateAll((found) => found.map((link) => link.getAttribute('href')));
    await becomes(addresses, [`/runs/small/traces/${sides[0]}`, `/runs/${OTHER}/traces/${sides[1]}`]);
    await page.locator('.pair article').nth(1).getByText('confidence').waitFor();
    expect(queryOf(page)).toMatchObject({ kind: 'broken', open: '1' });
    await page.keyboard.press('j');
    await becomes(() => queryOf(page).open, '2');
    await page.reload();
    await becomes(addresses, [
      `/runs/small/traces/${rows[2]?.before.id}`,
      `/runs/${OTHER}/traces/${rows[2]?.after.id}`,
    ]);
  });

  test('another policy, another baseline', async () => {
    const page = await world().open(`/compare?${QUERY}`);
    await page.getByLabel('never think').check();
    await becomes(() => queryOf(page).policy, 'never');
    const { benchmarks } = await world().api<CompareAnswer>(`/api/compare?${QUERY}&policy=never`);
    const overall = benchmarks.findIndex(({ benchmark }) => benchmark === 'overall');
    const cell = () => page.locator('table.accuracies tbody tr').nth(overall).locator('td').first().textContent();
    await becomes(
      async () => (await cell())?.startsWith(percent(benchmarks[overall]?.values[0]?.accuracy.value)),
      true,
    );
    await page.getByRole('button', { name: `make baseline: ${OTHER}` }).click();
    await becomes(() => new URL(page.url()).searchParams.getAll('run'), [OTHER, 'small']);
  });
}

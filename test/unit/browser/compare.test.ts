import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareSides, differenceOf, pairsOf, type Side } from '../../../orchestrator/browser/reader/compare.js';
import { type Evaluated, identityOf } from '../../../orchestrator/browser/reader/evaluated.js';
import { openReader, type Reader } from '../../../orchestrator/browser/reader/index.js';
import { mcnemar } from '../../../orchestrator/statistics/index.js';
import { storeWithRuns } from './stores.js';

let made: ReturnType<typeof storeWithRuns>;
let reader: Reader;
beforeAll(() => {
  made = storeWithRuns('a', 'b', 'c');
  reader = openReader(made.file);
});
afterAll(() => {
  reader.close();
  rmSync(made.folder, { recursive: true });
});

/** Four questions about two videos: what each answer is worth, at confidence 0.9. */
function side(answers: readonly (readonly [first: boolean, second: boolean])[], threshold = 0.95): Side {
  const items = answers.map(([first, second], place): Evaluated => {
    const question = { media: `v${place % 2}`, question: `q${place}`, gold: 'A' };
    return identified({
      ...{ id: place, promptId: `p${place}`, benchmark: 'one', question, confidence: 0.9, first, second },
      ...{ firstTokens: 5, tokens: 50 },
    });
  });
  return { items, threshold };
}

function identified(item: Omit<Evaluated, 'identity'>): Evaluated {
  return { ...item, identity: identityOf(item) };
}

test('counts what was mended and what was broken, under each policy', () => {
  const before = side([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ]);
  const after = side(
    [
      [true, true],
      [false, true],
      [true, false],
      [true, true],
    ],
    0.9,
  );
  const of = (policy: 'auto' | 'always' | 'never') => differenceOf(before, after, policy);
  expect(of('always')).toMatchObject({ n: 4, unpaired: 0, fixed: 2, broken: 1, sameRight: 1, sameWrong: 0 });
  expect(of('never')).toMatchObject({ fixed: 2, broken: 1, sameRight: 1 });
  // Before all think, at 0.95; after all stop, at 0.9: 45 tokens less each.
  expect(of('auto')).toMatchObject({
    fixed: 1,
    broken: 0,
    sameRight: 2,
    sameWrong: 1,
    tokens: { value: -45, low: -45, high: -45 },
  });
  expect(of('always')?.pValue).toBe(mcnemar(1, 2));
  expect(of('always')?.accuracy.value).toBeCloseTo(0.25);
});

test('the same name with another question or another gold answer is another question', () => {
  const one = side([[true, true]]);
  const [item] = one.items as [Evaluated];
  for (const change of [{ gold: 'B' }, { question: 'else' }]) {
    const other = { ...one, items: [identified({ ...item, question: { ...item.question, ...change } })] };
    expect(pairsOf(one, other, 'always')).toEqual([]);
    expect(differenceOf(one, other, 'always')).toBeNull();
  }
  const more = { ...one, items: [item, identified({ ...item, promptId: 'p9' })] };
  expect(differenceOf(one, more, 'always')).toMatchObject({ n: 1, unpaired: 1 });
});

test('runs side by side: each benchmark and all, and nothing where a run lacks one', () => {
  const answer = reader.compare({ run: ['a', 'b', 'c'], policy: 'always' });
  expect(answer.runs.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  expect(answer.benchmarks.map(({ benchmark }) => benchmark)).toEqual(['one', 'two', 'overall']);
  for (const { values, differences } of answer.benchmarks) {
    expect(values.length).toBe(3);
    const [first, second] = [values[0]?.accuracy.value ?? 0, values[1]?.accuracy.value ?? 0];
    expect(differences[0]?.accuracy.value).toBeCloseTo(second - first, 12);
    const { fixed, broken, sameRight, sameWrong, n } = differences[0] ?? ({} as never);
    expect(fixed + broken + sameRight + sameWrong).toBe(n);
  }
  const [lone] = compareSides([side([[true, true]]), { items: [], threshold: 1 }], 'auto');
  expect(lone).toMatchObject({ values: [{ accuracy: { value: 1 } }, null], differences: [null] });
});

test('the same run beside itself differs in nothing', () => {
  const [difference] = reader.compare({ run: ['a', 'a'] }).benchmarks.at(-1)?.differences ?? [];
  expect(difference).toMatchObject({ fixed: 0, broken: 0, pValue: 1, accuracy: { value: 0, low: 0, high: 0 } });
});

test('flips are what the difference counted, with both rollouts', () => {
  const [difference] = reader.compare({ run: ['a', 'b'], policy: 'never' }).benchmarks.at(-1)?.differences ?? [];
  const asked = (kind: string) => reader.flips({ run: ['a', 'b'], policy: 'never', kind, limit: 500 });
  expect(asked('fixed').total).toBe(difference?.fixed);
  expect(asked('broken').total).toBe(difference?.broken);
  for (const row of asked('broken').rows) {
    const [before, after] = [reader.trace({ id: row.before.id }), reader.trace({ id: row.after.id })];
    expect([before.run, after.run]).toEqual(['a', 'b']);
    expect([before.row.promptId, after.row.promptId]).toEqual([row.promptId, row.promptId]);
    expect(before.verdicts.first?.correct).toBe(true);
    expect(after.verdicts.first?.correct === true).toBe(false);
  }
  expect(() => reader.flips({ run: 'a' })).toThrow('two of them');
});

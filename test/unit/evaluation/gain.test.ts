import { expect, test } from 'vitest';
import { firstRight, gainsOf, pooledChange, secondRight } from '../../../orchestrator/evaluation/gain.js';
import type { Sample } from '../../../orchestrator/evaluation/sample.js';
import type { Verdict } from '../../../orchestrator/records/index.js';
import { createRandom } from '../../../orchestrator/statistics/index.js';
import { promptOf, rowOf } from '../store/rows.js';

function sample(id: string, right: boolean | null, cluster = id): Sample {
  const { trace, verdicts } = rowOf(id, 0, right);
  return { prompt: promptOf(id), cluster, pass: 'sampled', trace, verdicts };
}

/** Traces of 40 questions, right with this probability. */
function evaluation(seed: number, probability: number, rollouts = 4): Sample[] {
  const random = createRandom(seed);
  return Array.from({ length: 40 * rollouts }, (_, index) => sample(`p${index % 40}`, random() < probability));
}

const run = (seed: number) => ({ before: evaluation(seed, 0.4), after: evaluation(seed + 100, 0.7) });

test('every question of every training counts once, whatever the number of its rollouts', () => {
  const runs = [
    {
      before: [sample('a', false), sample('b', true)],
      after: [sample('a', true), sample('a', false), sample('b', true)],
    },
    {
      before: [sample('a', false), sample('b', false)],
      after: [sample('a', true), sample('b', true), sample('c', true)],
    },
  ];
  expect(pooledChange(runs, secondRight)).toMatchObject({
    ...{ before: 0.25, after: 0.875, gain: 0.625, byRun: [0.25, 1], n: 4, clusters: 2 },
  });
  expect(pooledChange(runs, firstRight)).toMatchObject({ before: 0, after: 0, gain: 0, low: 0, high: 0 });
});

test('a training twice is no more evidence than once: questions are the clusters', () => {
  const once = pooledChange([run(1)], secondRight);
  expect(pooledChange([run(1), run(1)], secondRight)).toEqual({
    ...once,
    ...{ n: 80, byRun: [once?.gain, once?.gain] },
  });
});

test('the gain lies in its interval, and of one training it is the gain that the evaluation saves', () => {
  const one = run(1);
  const pooled = pooledChange([one, run(2), run(3)], secondRight);
  expect(pooled?.low).toBeGreaterThan(0);
  expect(pooled?.low).toBeLessThan(pooled?.gain ?? 0);
  expect(pooled?.high).toBeGreaterThan(pooled?.gain ?? 1);
  expect(pooled?.byRun).toHaveLength(3);
  const { gain, low, high, n } = pooledChange([one], secondRight) ?? {};
  expect(gainsOf('b', one.before, one.after)).toEqual([
    { benchmark: 'b', policy: 'sampled', name: 'gain', value: gain, low, high, n },
  ]);
});

test('traces without a verdict are left out, missing answers are wrong', () => {
  const before = [sample('a', null), sample('a', true), sample('b', null)];
  const missing = { ...sample('a', true), verdicts: { first: null, second: null as Verdict | null } };
  expect(pooledChange([{ before, after: [missing, sample('b', true)] }], secondRight)).toMatchObject({
    ...{ before: 1, after: 0, n: 1 },
  });
  expect(pooledChange([{ before, after: [] }], secondRight)).toBeUndefined();
  expect(pooledChange([], secondRight)).toBeUndefined();
});

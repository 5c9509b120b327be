import { describe, expect, test } from 'vitest';
import { parseCompletion } from '../../../orchestrator/answer/index.js';
import { comparePolicies } from '../../../orchestrator/evaluation/compare.js';
import { metricsOf, type Policy } from '../../../orchestrator/evaluation/metrics.js';
import type { Sample } from '../../../orchestrator/evaluation/sample.js';
import { gradeTrace } from '../../../orchestrator/grading/index.js';
import type { Prompt } from '../../../orchestrator/records/index.js';
import { noVerifier, promptOf } from '../../fixtures/grading.js';

/** A sample of one token per character, with the given confidence in its first answer. */
async function sample(prompt: Prompt, text: string, confidence = 0.5, cluster = 'v'): Promise<Sample> {
  const logprobs = [...text].map(() => Math.log(confidence));
  const tokenEnds = [...text].map((_, index) => index + 1);
  const trace = parseCompletion({ text, logprobs, tokenEnds, finishReason: 'stop' }, 'answer-twice');
  const verdicts = await gradeTrace(prompt, trace, { verifyMath: noVerifier, correctThreshold: 0.7 });
  return { prompt, cluster, pass: 'greedy', trace, verdicts };
}

function valuesOf(samples: readonly Sample[], policy: Policy, threshold = 0.9): Record<string, number | null> {
  return Object.fromEntries(metricsOf(samples, policy, threshold).map(({ name, value }) => [name, value]));
}

const two = (first: string, second: string) => `\\boxed{${first}}<think>x</think>\\boxed{${second}}`;

describe('answers', () => {
  const prompt = promptOf('math', '7');
  const samples = async () => [
    await sample(prompt, two('7', '7'), 0.99, 'a'),
    await sample(prompt, two('6', '7'), 0.5, 'b'),
    await sample(prompt, two('6', '7'), 0.95, 'c'),
    await sample(prompt, '\\boxed{7}', 0.5, 'd'),
  ];

  test('each policy counts its own answer', async () => {
    const items = await samples();
    expect(valuesOf(items, 'never')).toMatchObject({ accuracy: 0.5, 'think-ratio': 0, unparsed: 0, format: 0.75 });
    expect(valuesOf(items, 'always')).toMatchObject({ accuracy: 0.75, 'think-ratio': 1, unparsed: 0.25 });
    expect(valuesOf(items, 'auto')).toMatchObject({
      ...{ accuracy: 0.5, 'think-ratio': 0.5, 'exit-accuracy': 0.5 },
      // Of the two that thinking mends, one is sent to think.
      'think-recall': 0.5,
    });
  });

  test('policies are compared on the same traces', async () => {
    const items = await samples();
    const named = (policies: Policy[]) =>
      Object.fromEntries(
        comparePolicies(items, policies, 0.9).map(({ policy, name, value }) => [`${policy} ${name}`, value]),
      );
    const tokens = (policy: Policy) => valuesOf(items, policy).tokens ?? 0;
    expect(named(['never', 'always', 'auto'])).toEqual({
      'always versus-never': 0.25,
      'auto versus-always': -0.25,
      'auto token-saving': expect.closeTo(1 - tokens('auto') / tokens('always'), 12),
    });
    expect(named(['always'])).toEqual({});
    expect(comparePolicies([], ['always', 'never'], 0.9)).toMatchObject([{ value: null, n: 0 }]);
  });

  test('tokens are those until the answer that is taken', async () => {
    const [item] = await samples();
    const total = item?.trace.tokens.total ?? 0;
    expect(valuesOf(item ? [item] : [], 'auto')).toMatchObject({ tokens: 9 });
    expect(valuesOf(item ? [item] : [], 'always')).toMatchObject({ tokens: total });
  });

  test('what the grader could not tell is not right, and is counted', async () => {
    const [item] = await samples();
    const second = { value: null, correct: null, state: 'timeout', normalised: null } as const;
    const ungraded = item ? [{ ...item, verdicts: { ...item.verdicts, second } }] : [];
    expect(valuesOf(ungraded, 'always')).toMatchObject({ accuracy: 0, ungraded: 1, unparsed: 0 });
  });

  test('without an exit there is no exit accuracy; without samples no metric has a value', async () => {
    expect(valuesOf(await samples(), 'auto', 1)['exit-accuracy']).toBeNull();
    expect(metricsOf([], 'auto', 0.9).every(({ value, n }) => value === null && n === 0)).toBe(true);
  });

  test('intervals are drawn over clusters', async () => {
    const items = await samples();
    const width = (list: readonly Sample[]) => {
      const accuracy = metricsOf(list, 'never', 1).find(({ name }) => name === 'accuracy');
      return (accuracy?.high ?? 0) - (accuracy?.low ?? 0);
    };
    expect(width(items)).toBeGreaterThan(0);
    expect(width(items.map((item) => ({ ...item, cluster: 'one video' })))).toBe(0);
  });
});

describe('grounding', () => {
  test('mIoU and recall', async () => {
    const prompt = promptOf('iou', '', { spans: [[0, 10]] });
    const spans = ['[0, 10]', '[0, 6]', '[0, 2]', 'nothing'];
    const items = await Promise.all(spans.map((span) => sample(prompt, two(span, span))));
    expect(valuesOf(items, 'always')).toMatchObject({
      ...{ accuracy: 0.25, 'recall@0.3': 0.5, 'recall@0.5': 0.5, 'recall@0.7': 0.25, unparsed: 0.25 },
      miou: expect.closeTo((1 + 0.6 + 0.2) / 4, 12),
    });
    expect(valuesOf(items, 'always')).not.toHaveProperty('acc@gqa');
  });

  test('NExT-GQA: the letter, the overlap over the prediction, both together', async () => {
    const prompt = promptOf('gqa', 'B', { options: ['x', 'y', 'z'], spans: [[0, 10]] });
    const answers = ['B <> [0, 5]', 'B <> [8, 12]', 'B <> [9, 12]', 'A <> [0, 10]'];
    const items = await Promise.all(answers.map((answer) => sample(prompt, two(answer, answer))));
    expect(valuesOf(items, 'always')).toMatchObject({
      ...{ 'answer-accuracy': 0.75, 'acc@gqa': 0.5, accuracy: 0, 'recall@0.5': 0.5 },
      miou: expect.closeTo((0.5 + 2 / 12 + 1 / 12 + 1) / 4, 12),
      miop: expect.closeTo((1 + 0.5 + 1 / 3 + 1) / 4, 12),
    });
  });
});

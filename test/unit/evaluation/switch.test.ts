import { expect, test } from 'vitest';
import { parseCompletion } from '../../../orchestrator/answer/index.js';
import type { Policy } from '../../../orchestrator/evaluation/metrics.js';
import type { Sample } from '../../../orchestrator/evaluation/sample.js';
import { forcedPasses, SWITCH_PASSES, sampledChoice, switchMetrics } from '../../../orchestrator/evaluation/switch.js';
import { gradeTrace } from '../../../orchestrator/grading/index.js';
import { noVerifier, promptOf } from '../../fixtures/grading.js';
import { load, MINIMAL } from '../recipe/fixture.js';

const POLICIES: readonly Policy[] = ['never', 'always', 'auto'];

async function sample(id: string, policy: Policy, text: string): Promise<Sample> {
  const prompt = { ...promptOf('math', '7'), id };
  const tokenEnds = [...text].map((_, index) => index + 1);
  const trace = parseCompletion({ text, logprobs: [], tokenEnds, finishReason: 'stop' }, 'adapt-think');
  const verdicts = await gradeTrace(prompt, trace, { verifyMath: noVerifier, correctThreshold: 0.7 });
  return { prompt, cluster: id, pass: SWITCH_PASSES[policy], trace, verdicts };
}

const direct = (answer: number) => `\\boxed{${answer}}`;
const thought = (answer: number) => `<think>x</think>\\boxed{${answer}}`;

/** Three questions: known at once, to be thought about, and one that thinking does not mend. */
const samples = async () =>
  Promise.all([
    ...[direct(7), direct(6), direct(6)].map((text, at) => sample(`q${at}`, 'never', text)),
    ...[thought(7), thought(7), thought(5)].map((text, at) => sample(`q${at}`, 'always', text)),
    ...[direct(7), thought(7), direct(6)].map((text, at) => sample(`q${at}`, 'auto', text)),
  ]);

test('each policy has its own replies, its choice and its cost', async () => {
  const rows = switchMetrics('b', await samples(), POLICIES);
  const of = (policy: Policy) =>
    Object.fromEntries(rows.filter((row) => row.policy === policy).map(({ name, value }) => [name, value]));
  const third = expect.closeTo(1 / 3, 12);
  expect(of('never')).toMatchObject({ accuracy: third, 'think-ratio': 0, tokens: 9, format: 1 });
  expect(of('always')).toMatchObject({ accuracy: expect.closeTo(2 / 3, 12), 'think-ratio': 1, tokens: 25 });
  expect(of('auto')).toMatchObject({
    ...{ accuracy: expect.closeTo(2 / 3, 12), 'think-ratio': third, tokens: expect.closeTo(43 / 3, 12) },
    // One of the two answered at once is right; the one question that thinking mends was thought about.
    ...{ 'exit-accuracy': 0.5, 'think-recall': 1 },
    ...{ 'versus-always': 0, 'token-saving': expect.closeTo(1 - 43 / 75, 12) },
  });
  expect(of('always')['versus-never']).toEqual(third);
});

test('sampled replies have their cost and think ratio too', async () => {
  const sampled = (await samples()).filter(({ pass }) => pass === SWITCH_PASSES.auto);
  expect(sampledChoice('b', sampled)).toMatchObject([
    { policy: 'sampled', name: 'tokens', value: expect.closeTo(43 / 3, 12) },
    { policy: 'sampled', name: 'think-ratio', value: expect.closeTo(1 / 3, 12) },
  ]);
});

test('a policy that was not asked for leaves no numbers, also none beside it', async () => {
  const rows = switchMetrics('b', await samples(), ['auto']);
  expect(new Set(rows.map(({ policy }) => policy))).toEqual(new Set(['auto']));
  expect(rows.map(({ name }) => name)).not.toContain('versus-always');
});

test('only the policies asked for are made to begin in one way', async () => {
  const { recipe } = await load(`${MINIMAL}prompting: {mode: adapt-think}\n`);
  expect(forcedPasses(recipe)).toEqual([
    { pass: 'direct', begin: '\\boxed' },
    { pass: 'think', begin: '<think>' },
  ]);
  expect(forcedPasses({ ...recipe, evaluate: { ...recipe.evaluate, policies: ['auto'] } })).toEqual([]);
});

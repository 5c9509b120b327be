// A model that chooses by itself whether to think has no threshold: its report speaks of its choice.
import { expect, test } from 'vitest';
import { parseCompletion } from '../../../orchestrator/answer/index.js';
import { collectReport, renderMarkdown, renderPage } from '../../../orchestrator/report/index.js';
import type { MetricRow, RolloutRow } from '../../../orchestrator/store/index.js';
import { newRun, prompts, rowOf, storeWithRun } from '../store/rows.js';

const SET = 'benchmark:b';
const RECIPE = {
  name: 'switch',
  prompting: { mode: 'adapt-think' },
  reward: { first: 0, second: 1, format: 0.5, fallback: 0.3 },
  train: { enabled: true, steps: 2, adaptThink: { delta: 0.05, direct: '\\boxed', think: '<think>' } },
  sweep: { rule: 'fewest-tokens' },
};

function reply(promptId: string, text: string, correct: boolean): RolloutRow {
  const row = rowOf(promptId, 0, correct);
  const rollout = { ...row.rollout, text };
  const trace = parseCompletion({ ...rollout, logprobs: [], tokenEnds: [] }, 'adapt-think');
  const direct = trace.think === null ? 0.05 : 0;
  const reward = row.reward && { ...row.reward, direct };
  return { ...row, set: SET, pass: 'greedy', rollout, trace, reward };
}

const metric = (policy: string, name: string, value: number): MetricRow => {
  return { ...{ benchmark: 'overall', policy, name, value }, low: 0, high: 1, n: 40 };
};

async function collected() {
  const { store } = storeWithRun();
  const runId = store.createRun({ ...newRun, name: 'switch', recipe: RECIPE, folder: 'switch' });
  store.savePrompts(runId, SET, prompts(3));
  const before = store.startStage(runId, 'evaluate-before', 'k').id;
  store.saveMetrics(before, [metric('auto', 'accuracy', 0.6), metric('auto', 'think-ratio', 0)]);
  store.finishStage(before, {}, []);
  const { id } = store.startStage(runId, 'evaluate', 'k');
  store.commitUnit(id, 'u', [
    reply('p0', '\\boxed{A}', true),
    reply('p1', '<think>It is red.</think>\\boxed{A}', true),
    reply('p2', '\\boxed{B}', false),
  ]);
  store.saveMetrics(id, [
    ...[metric('auto', 'accuracy', 0.9), metric('auto', 'tokens', 12), metric('auto', 'think-ratio', 0.25)],
    ...[metric('always', 'accuracy', 0.95), metric('always', 'tokens', 30), metric('always', 'think-ratio', 1)],
  ]);
  store.finishStage(id, {}, []);
  return collectReport(store, runId, { traces: 3 });
}

test('the first sentence, the numbers and the samples are those of its own choice', async () => {
  const data = await collected();
  expect(data.traces.map(({ title, exits }) => [title, exits])).toEqual([
    ['Chose to answer at once, rightly', true],
    ['Chose to think, and was right', false],
    ['Chose to answer at once, and was wrong', true],
  ]);
  const { text } = renderMarkdown(data);
  expect(text).toContain(
    'thinks about 25% of 40 questions; its accuracy is 90.0% with 12.0 tokens a question, made to think 95.0% with 30.0 tokens',
  );
  // What training is for: how often it thinks.
  for (const each of [text, renderPage(data)]) expect(each).toContain('0.00 → 0.25');
  expect(text).toContain('Answer right. Does not think,');
  expect(text).toContain('bonus for not thinking 0.05');
  const page = renderPage(data);
  expect(page).toContain('auto: as the model chooses');
  expect(page).toContain('bonus for not thinking 0.05');
  for (const each of [text, page]) expect(each).not.toMatch(/τ|First answer|fewest-tokens/);
});

// The parity gate against real faults in a real trainer and a real vLLM: each must be named, and a sound pair must pass.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Bridge, Worker } from '../../orchestrator/bridge/index.js';
import type { StageContext } from '../../orchestrator/pipeline/stage.js';
import { messagesFor } from '../../orchestrator/prompting/index.js';
import { loadRecipe, type Recipe } from '../../orchestrator/recipe/index.js';
import { type Prompt, PromptIndex } from '../../orchestrator/records/index.js';
import { createVllmEngine, type RolloutEngine } from '../../orchestrator/rollout/index.js';
import { engineRollouts } from '../../orchestrator/training/engine-rollouts.js';
import { videoBudget } from '../../orchestrator/training/params.js';
import { parityGate } from '../../orchestrator/training/parity-gate.js';
import { wireSample } from '../../orchestrator/training/parity-samples.js';
import { root, testBridge } from '../fixtures/bridge.js';

const tiny = join(root, 'recipes', 'tiny');
const model = join(tiny, 'model');
const system = readFileSync(join(tiny, 'system.txt'), 'utf8').trim();
const scratch = mkdtempSync(join(tmpdir(), 'vauto-parity-'));
// Videos of 6 s get fewer pixels a frame than those of 4 s: only there does the cap matter.
const SETS = ['video.maxTokensPerFrame=4', 'video.totalTokens=20'];
// What Adam moves a weight by in a few steps of the quickstart's learning rate, ×10.
const MOVED = 2e-3;
const prompts = [videoPrompt('train-001'), textPrompt(), videoPrompt('train-005')];

let recipe: Recipe;
let bridge: Bridge;
let [engineWorker, trainer]: Worker[] = [];
let engine: RolloutEngine;
let loaded = model;

beforeAll(async () => {
  ({ recipe } = await loadRecipe(join(root, 'recipes', 'quickstart.yaml'), { sets: SETS }));
  bridge = testBridge();
  [engineWorker, trainer] = [bridge.worker('engine'), bridge.worker('trainer')];
  const options = { model, trustRemoteCode: false, engineArgs: recipe.engine.args, seed: 7 };
  engine = await createVllmEngine({ ...options, worker: engineWorker, videoBudget: videoBudget(recipe) });
  await engine.info();
  for (const part of ['embed_tokens', 'visual.merger']) await changed(part);
});
beforeEach(async () => {
  await Promise.all([inject(engineWorker, null), inject(trainer, null)]);
  await use(model);
});
afterAll(async () => {
  await bridge?.close();
  rmSync(scratch, { recursive: true });
});

const inject = (worker: Worker | undefined, fault: string | null) =>
  worker?.callRaw('vauto_faults.parity.inject', { fault });
const folderOf = (part: string) => join(scratch, part);
const changed = (part: string) =>
  trainer?.callRaw('vauto_faults.parity.changed_weights', { model, target: folderOf(part), part, size: MOVED });

async function use(weights: string): Promise<RolloutEngine> {
  if (weights !== loaded) await engine.loadWeights(weights);
  loaded = weights;
  return engine;
}

/** As much of a stage's context as gate and hand-over use. */
function context(): StageContext {
  const folder = join(scratch, 'stage');
  mkdirSync(folder, { recursive: true });
  const signal = new AbortController().signal;
  const progress = { update: () => {}, note: () => {} };
  return { recipe, system, folder, signal, progress, engine: use, trainer: () => trainer } as unknown as StageContext;
}

const gate = (weights: string) => parityGate(context(), weights, prompts);

function videoPrompt(name: string): Prompt {
  const path = join(tiny, 'data', 'videos', `${name}.mp4`);
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  return { ...textPrompt(), id: name, modality: 'video', media: [{ kind: 'video', path, sha256 }] };
}

function textPrompt(): Prompt {
  const question = 'What is the last digit of the sum of all digits?';
  const rest = { source: 'train', answer: '1', problemType: 'math' as const, meta: {} };
  return { id: 'text', modality: 'text', media: [], question, ...rest };
}

/** A hand-over of new weights, checked by what the trainer says of them. */
async function handOver(part: string): Promise<unknown> {
  const check = prompts.map(({ id }, place) => ({ prompt_id: id, token_ids: [20 + place, 30, 40, 50] }));
  const samples = prompts.map((prompt, place) =>
    wireSample({
      messages: messagesFor(prompt, { mode: recipe.prompting.mode, system }).messages,
      media: prompt.media,
      tokenIds: check[place]?.token_ids ?? [],
    }),
  );
  const budget = videoBudget(recipe);
  const answer = await trainer?.call('train.logprobs', { model: folderOf(part), video_budget: budget, samples });
  const scored = check.map((entry, place) => ({ ...entry, logprobs: answer?.items[place]?.logprobs }));
  const { handlers } = engineRollouts(context(), new PromptIndex(prompts));
  return handlers.weights({ step: 1, folder: folderOf(part), check: scored });
}

/** Has the engine keep what it makes of the prompts' media. */
async function look(): Promise<void> {
  const requests = prompts.map(({ id, media }, index) => ({
    promptId: id,
    index,
    seed: 0,
    messages: messagesFor(prompts[index] as Prompt, { mode: recipe.prompting.mode, system }).messages,
    media,
    sampling: { temperature: 0, topP: 1, topK: 0, maxTokens: 2, stop: [] },
  }));
  await engine.generate(requests, { onResult: () => {} });
}

test('a sound engine and a sound trainer agree, before and after new weights', async () => {
  expect(await gate(model)).toBeLessThan(1e-4);
  expect(await gate(folderOf('embed_tokens'))).toBeLessThan(1e-4);
  await use(model);
  await look();
  await expect(handOver('visual.merger')).resolves.toEqual({});
});

test.each([
  ['trainer', 'own-positions', /sample 1: behind video 1 the text goes on at position \d+ in the trainer and \d+ in/],
  ['trainer', 'swapped-frame', /sample 1: frame 3 of video 1 has other pixels .*\(2 of 8 frames differ\)/],
  ['engine', 'swapped-frame', /sample 1: frame 3 of video 1 has other pixels .*\(2 of 8 frames differ\)/],
  ['trainer', 'no-pixel-cap', /sample 3: the trainer sees media of 6×4×4 patches .*, the engine of 6×2×2/],
  ['engine', 'no-pixel-cap', /sample 3: the trainer sees media of 6×2×2 patches .*, the engine of 6×4×4/],
  ['trainer', 'no-seconds', /sample 1: the trainer is not told the seconds .* video 1 \(second_per_grid_ts\)/],
  ['engine', 'no-seconds', /sample 1: the engine is not told the seconds .* video 1 \(second_per_grid_ts\)/],
])('in the %s: %s', async (side, fault, message) => {
  await inject(side === 'engine' ? engineWorker : trainer, fault);
  await expect(gate(model)).rejects.toMatchObject({ code: 'parity', message: expect.stringMatching(message) });
});

test.each([
  ['old-head', 'embed_tokens', /sample 1: the engine has old weights in its output head/],
  ['old-embeddings', 'visual.merger', /sample 1: the engine has old weights in its visual embeddings/],
])('in the engine, after new weights: %s', async (fault, part, message) => {
  const refused = { code: 'parity', message: expect.stringMatching(message) };
  await look();
  await inject(engineWorker, fault);
  await expect(gate(folderOf(part))).rejects.toMatchObject(refused);
  await inject(engineWorker, null);
  await use(model);
  await look();
  await inject(engineWorker, fault);
  await expect(handOver(part)).rejects.toMatchObject(refused);
});

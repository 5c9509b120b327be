import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitsAt, parseCompletion } from '../../orchestrator/answer/index.js';
import type { Bridge, Worker } from '../../orchestrator/bridge/index.js';
import { createVllmEngine, type RolloutEngine, type RolloutRequest } from '../../orchestrator/rollout/index.js';
import { root, testBridge } from '../fixtures/bridge.js';
import { collectAll, engineContract } from './engine.case.js';

const tiny = join(root, 'recipes', 'tiny');
const model = join(tiny, 'model');
const videoBudget = { fps: 2, max_frames: 256, min_pixels: 784, max_pixels: 3136, total_pixels: 4096 * 784 };
const SYSTEM = readFileSync(join(tiny, 'system.txt'), 'utf8').trim();
const scratch = mkdtempSync(join(tmpdir(), 'vauto-engine-'));

let bridge: Bridge;
let worker: Worker;
let engine: RolloutEngine;

beforeAll(async () => {
  bridge = testBridge();
  worker = bridge.worker('engine');
  engine = await createVllmEngine({ worker, model, trustRemoteCode: false, engineArgs: {}, videoBudget, seed: 7 });
});
afterAll(async () => {
  await engine?.close();
  await bridge?.close();
  rmSync(scratch, { recursive: true });
});

function requests(): RolloutRequest[] {
  const lines = readFileSync(join(tiny, 'data', 'reasoning.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const rows = lines.slice(0, 8).map((line) => JSON.parse(line) as { id: string; question: string; video?: string });
  return rows.map(({ id, question, video }, place) => ({
    promptId: id,
    index: place % 2,
    seed: place,
    messages: [
      {
        role: 'user',
        content: [
          ...(video === undefined ? [] : [{ type: 'video' as const }]),
          { type: 'text' as const, text: `${question}\nPut your final answer in \\boxed{}.` },
        ],
      },
    ],
    media: video === undefined ? [] : [{ kind: 'video', path: join(tiny, 'data', video), sha256: video }],
    sampling: { temperature: 1, topP: 1, topK: 0, maxTokens: 48, stop: [] },
  }));
}

/** Greedy, with the system prompt that the tiny model knows. */
function answeredTwice(): RolloutRequest[] {
  const system = { role: 'system' as const, content: [{ type: 'text' as const, text: SYSTEM }] };
  return requests().map((request) => ({
    ...request,
    messages: [system, ...request.messages],
    sampling: { ...request.sampling, temperature: 0, maxTokens: 96 },
  }));
}

engineContract({ name: 'vllm', engine: () => engine, requests });

test('early exit inside the engine: the answers of full traces, one prefill, one wasted token', async () => {
  const prompts = answeredTwice();
  const full = await collectAll(engine, prompts);
  const traces = new Map([...full.rollouts].map(([name, rollout]) => [name, parseCompletion(rollout, 'answer-twice')]));
  const sure = [...traces.values()].flatMap(({ confidence }) => confidence ?? []).sort();
  // In the middle of what this model is sure of, so that some exit and some do not.
  const threshold = sure[Math.floor(sure.length / 2)] ?? 1;
  const early = await collectAll(
    engine,
    prompts.map((request) => ({ ...request, exit: { threshold } })),
  );
  expect(early.failures).toEqual([]);
  for (const [name, { text, exit, finishReason, promptTokens }] of early.rollouts) {
    const [trace, whole] = [traces.get(name), full.rollouts.get(name)];
    const exits = exitsAt(trace?.confidence ?? null, threshold);
    expect(exit, name).toMatchObject({ mode: 'engine', exited: exits, wastedTokens: Number(exits) });
    if (trace?.confidence) expect(Math.abs((exit?.confidence ?? 0) - trace.confidence)).toBeLessThan(1e-4);
    expect(promptTokens).toBe(whole?.promptTokens);
    expect(exits ? finishReason : text).toBe(exits ? 'exit' : whole?.text);
    if (exits) expect(text).toBe(whole?.text.slice(0, (trace?.first?.charEnd ?? 0) + 1));
  }
  const exits = [...early.rollouts.values()].filter(({ exit }) => exit?.exited);
  expect(exits.length).toBeGreaterThan(0);
  expect(exits.length).toBeLessThan(prompts.length);
});

test('a thinking budget closes the thinking and asks for the second answer', async () => {
  const prompts = answeredTwice().map((request) => ({ ...request, thinkBudget: 3 }));
  const { rollouts, failures } = await collectAll(engine, prompts);
  expect(failures).toEqual([]);
  for (const rollout of rollouts.values()) {
    const trace = parseCompletion(rollout, 'answer-twice');
    expect(rollout.text).toMatch(/<think>.*<\/think>\s*\\boxed\{/s);
    expect(trace.second).not.toBeNull();
    // `<think>` and `</think>` themselves are counted with the thinking.
    expect(trace.tokens.think).toBeLessThanOrEqual(3 + 6);
  }
});

test('a broken video fails its own request only', async () => {
  const [first, second] = requests();
  if (!first || !second) throw new Error('too few requests');
  const broken = { ...first, media: [{ kind: 'video' as const, path: join(scratch, 'absent.mp4'), sha256: 'x' }] };
  const asked = { ...broken, messages: [{ role: 'user' as const, content: [{ type: 'video' as const }] }] };
  const { rollouts, failures } = await collectAll(engine, [asked, second]);
  expect([...rollouts.keys()]).toEqual([`${second.promptId}/${second.index}`]);
  expect(failures).toMatchObject([{ promptId: first.promptId, index: first.index, code: 'media' }]);
});

test('an unknown engine argument is the recipe writer’s error, with the nearest name', async () => {
  const other = bridge.worker('other');
  const options = { worker: other, model, trustRemoteCode: false, videoBudget, seed: 7 };
  const wrong = await createVllmEngine({ ...options, engineArgs: { max_num_seq: 4 } });
  await expect(wrong.info()).rejects.toMatchObject({ name: 'UserError', fix: 'did you mean max_num_seqs?' });
  await other.stop();
});

test('other weights change the info; the old ones bring the old completions back', async () => {
  const before = await collectAll(engine, requests());
  const old = await engine.info();
  const folder = join(scratch, 'weights');
  cpSync(model, folder, { recursive: true });
  const same = await engine.loadWeights(folder);
  expect(same.weights).toBe(old.weights);
  expect(await collectAll(engine, requests())).toEqual(before);
  await expect(engine.loadWeights(join(scratch, 'nowhere'))).rejects.toMatchObject({ code: 'model-not-found' });
  await engine.loadWeights(model);
  expect(await collectAll(engine, requests())).toEqual(before);
});

test('a process killed in the middle costs no request and gives none twice', async () => {
  const before = await collectAll(engine, requests());
  const starts = worker.starts;
  const all = requests();
  const running = collectAll(engine, all);
  setTimeout(() => worker.pid !== undefined && process.kill(worker.pid, 'SIGKILL'), 150);
  expect(await running).toEqual(before);
  // The kill may have come after the last result; then the next call finds no process.
  expect(await collectAll(engine, all)).toEqual(before);
  expect(worker.starts).toBe(starts + 1);
});

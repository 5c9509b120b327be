// A real vLLM server on the CPU with the tiny model, started once for all tests of this file.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitsAt, parseCompletion } from '../../orchestrator/answer/index.js';
import { messagesFor } from '../../orchestrator/prompting/index.js';
import type { Prompt, Rollout } from '../../orchestrator/records/index.js';
import type { RolloutEngine, RolloutFailure, RolloutRequest } from '../../orchestrator/rollout/engine.js';
import { createOpenAiEngine, type OpenAiEngineOptions } from '../../orchestrator/rollout/index.js';
import { root } from '../fixtures/bridge.js';
import { type Door, openDoor } from '../fixtures/door.js';
import { startVllmServer, type VllmServer } from '../fixtures/vllm-server.js';
import { servedContentOf } from '../integration/kills.js';
import { servedRun, vauto } from '../integration/shared-run.js';
import { collectAll, engineContract } from './engine.case.js';

const data = join(root, 'recipes', 'tiny', 'data');
const system = readFileSync(join(root, 'recipes', 'tiny', 'system.txt'), 'utf8').trim();
const scratch = mkdtempSync(join(tmpdir(), 'vauto-server-'));
/** As on a model of some billions of parameters; a step of the tiny one is faster than the network. */
const STEP_MS = 20;
const THRESHOLD = 0.9;
const greedy = { temperature: 0, topP: 1, topK: 0, maxTokens: 96, stop: [] };

let server: VllmServer;
let engine: RolloutEngine;

beforeAll(async () => {
  server = await startVllmServer(join(scratch, 'log'), join(scratch, 'pace'));
  engine = engineWith({});
});
afterAll(async () => {
  await engine?.close();
  await server?.stop();
  rmSync(scratch, { recursive: true });
});

function engineWith(options: Partial<OpenAiEngineOptions>): RolloutEngine {
  return createOpenAiEngine({ url: `${server.url}/v1`, mediaUrls: 'file', concurrency: 16, ...options });
}

/** The first `count` rows of a manifest as requests. */
function rows(manifest: string, count: number): RolloutRequest[] {
  const lines = readFileSync(join(data, manifest), 'utf8').trim().split('\n').slice(0, count);
  return lines.map((line, seed) => {
    const { id, question, options, video, problem_type: problemType } = JSON.parse(line);
    const media = video === undefined ? [] : [{ kind: 'video' as const, path: join(data, video), sha256: video }];
    const { messages } = messagesFor({ question, options, media, problemType } as Prompt, {
      mode: 'answer-twice',
      system,
    });
    return { promptId: id, index: 0, seed, messages, media, sampling: greedy };
  });
}

/** 36 questions, 5 of them without a video; of some the model is sure at once, of others it is not. */
const questions = [...rows('reasoning.jsonl', 16), ...rows('perception.jsonl', 12), ...rows('grounding.jsonl', 8)];
const sampled = questions.map((request) => ({ ...request, sampling: { ...greedy, temperature: 1 } }));
const exiting = (requests: readonly RolloutRequest[]) =>
  requests.map((request) => ({ ...request, exit: { threshold: THRESHOLD } }));

async function resultsOf(from: RolloutEngine, requests: readonly RolloutRequest[]): Promise<Map<string, Rollout>> {
  const { rollouts, failures } = await collectAll(from, requests);
  expect(failures).toEqual([]);
  return rollouts;
}

/** Runs with steps that take as long as on a large model. */
async function atPace<T>(ms: number, run: () => Promise<T>): Promise<T> {
  writeFileSync(join(scratch, 'pace'), String(ms));
  try {
    return await run();
  } finally {
    rmSync(join(scratch, 'pace'));
  }
}

engineContract({
  name: 'openai',
  engine: () => engine,
  requests: () => sampled.slice(0, 8),
  skip: { inspect: 'a server keeps its weights, so there is no training and no parity gate' },
});

test('says what it knows of the server', async () => {
  expect(await engine.info()).toMatchObject({
    engine: 'openai',
    version: expect.stringMatching(/^vllm \d/),
    weights: expect.stringContaining('tiny'),
    libraries: { frames: 'server', logprobs: 'stream', tokenIds: 'server' },
    device: server.url,
  });
});

describe.each([
  { mode: 'stream' as const, requests: questions, sampling: 'greedy' },
  { mode: 'stream' as const, requests: sampled, sampling: 'temperature 1' },
  { mode: 'two-requests' as const, requests: questions, sampling: 'greedy' },
])('early exit, $mode, $sampling', ({ mode, requests }) => {
  test('decides as choosing after full traces does, and wastes next to nothing', async () => {
    const full = await resultsOf(engine, requests);
    const exitEngine = engineWith({ exitMode: mode });
    const early = await atPace(STEP_MS, () => resultsOf(exitEngine, exiting(requests)));
    await exitEngine.close();
    expect(early.size).toBe(requests.length);
    for (const [name, result] of early) {
      const trace = parseCompletion(full.get(name) as Rollout, 'answer-twice');
      const { exit } = result;
      expect(exit?.mode).toBe(mode);
      expect(exit?.exited, name).toBe(exitsAt(trace.confidence, THRESHOLD));
      if (trace.confidence === null) expect(exit?.confidence).toBeNull();
      else expect(Math.abs((exit?.confidence ?? Number.NaN) - trace.confidence)).toBeLessThan(1e-4);
      expect(exit?.wastedTokens).toBeLessThanOrEqual(3);
      expectSameAnswer(result, full.get(name) as Rollout);
    }
    const exited = [...early.values()].filter(({ exit }) => exit?.exited);
    expect(exited.length).toBeGreaterThan(8);
    expect(exited.length).toBeLessThan(requests.length - 8);
    report(mode, [...early.values()], [...full.values()]);
    if (mode === 'two-requests') expectCached([...early.values()]);
  });
});

/** An exited completion is the beginning of the full one; any other is the full one. */
function expectSameAnswer(early: Rollout, full: Rollout): void {
  if (!early.exit?.exited) {
    expect(early.text).toBe(full.text);
    expect(early.tokenIds).toEqual(full.tokenIds);
    return;
  }
  expect(early.finishReason).toBe('exit');
  expect(early.text).toMatch(/^\\boxed\{.*\}$/);
  expect(full.text.startsWith(early.text)).toBe(true);
  expect(full.tokenIds.slice(0, early.tokenIds.length)).toEqual(early.tokenIds);
  expect(early.tokenEnds.at(-1)).toBe(early.text.length);
}

function expectCached(results: readonly Rollout[]): void {
  const seconds = results.flatMap(({ exit }) => (exit?.second ? [exit.second] : []));
  expect(seconds.length).toBe(results.filter(({ exit }) => !exit?.exited).length);
  for (const { promptTokens, cachedTokens } of seconds) {
    expect(cachedTokens).toBeGreaterThan(0);
    expect(cachedTokens).toBeLessThan(promptTokens);
  }
}

/** The figures of docs/engines.md. */
function report(mode: string, early: readonly Rollout[], full: readonly Rollout[]): void {
  const tokens = (results: readonly Rollout[]) => results.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  const sum = (pick: (result: Rollout) => number | null | undefined) =>
    early.reduce((all, result) => all + (pick(result) ?? 0), 0);
  console.log(
    `${mode}: ${sum(({ exit }) => (exit?.exited ? 1 : 0))} of ${early.length} exits, ${tokens(early)} of ${tokens(full)} tokens, ` +
      `${sum(({ exit }) => exit?.wastedTokens)} wasted, second prompts ${sum(({ exit }) => exit?.second?.promptTokens)} ` +
      `with ${sum(({ exit }) => exit?.second?.cachedTokens)} cached`,
  );
}

test('media inside the request are the same as media by their path', async () => {
  const requests = questions.slice(0, 4);
  const inside = engineWith({ mediaUrls: 'data' });
  const [byPath, byData] = [await resultsOf(engine, requests), await resultsOf(inside, requests)];
  await inside.close();
  const texts = (results: ReadonlyMap<string, Rollout>) => [...results].map(([name, { text }]) => [name, text]).sort();
  expect(texts(byData)).toEqual(texts(byPath));
});

test('an image is taken too', async () => {
  const path = join(scratch, 'red.bmp');
  writeFileSync(path, redSquare(56));
  const messages = [
    { role: 'user' as const, content: [{ type: 'image' as const }, { type: 'text' as const, text: 'Which colour?' }] },
  ];
  const media = [{ kind: 'image' as const, path, sha256: 'red' }];
  const inside = engineWith({ mediaUrls: 'data' });
  const request = { promptId: 'image', index: 0, seed: 1, messages, media, sampling: { ...greedy, maxTokens: 4 } };
  const [result] = (await resultsOf(inside, [request])).values();
  await inside.close();
  expect(result?.promptTokens).toBeGreaterThan(10);
});

test('what the server refuses fails alone, with its reason', async () => {
  const [text, video] = [questions[3], questions[0]];
  if (!text || !video) throw new Error('too few questions');
  const withText = (promptId: string, words: string) => {
    return {
      ...text,
      promptId,
      messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: words }] }],
    };
  };
  const junk = join(scratch, 'junk.mp4');
  writeFileSync(junk, 'no video at all');
  const withVideo = (promptId: string, path: string) => ({
    ...video,
    promptId,
    media: [{ kind: 'video' as const, path, sha256: 'x' }],
  });
  const inside = engineWith({ mediaUrls: 'data' });
  const { rollouts, failures } = await collectAll(inside, [
    withText('long', 'word '.repeat(2000)),
    withVideo('junk', junk),
    withVideo('absent', join(scratch, 'absent.mp4')),
    withText('fits', 'How many?'),
  ]);
  await inside.close();
  expect([...rollouts.keys()]).toEqual(['fits/0']);
  expect(Object.fromEntries(failures.map(({ promptId, code }) => [promptId, code]))).toEqual({
    long: 'too-long',
    junk: 'media',
    absent: 'media',
  });
});

test('a limit beyond the context is the room that there is', async () => {
  const [question] = sampled.slice(3);
  if (!question) throw new Error('no question');
  const [result] = (await resultsOf(engine, [{ ...question, sampling: { ...greedy, maxTokens: 500 } }])).values();
  expect(result?.finishReason).toBe('stop');
  expect(result?.text).toContain('</think>');
});

test('an abort ends every request on the server at once', async () => {
  await atPace(200, async () => {
    const enough = new AbortController();
    const running = collectAll(engine, sampled, enough.signal);
    void running.catch(() => {});
    while ((await server.metric('vllm:num_requests_running')) === 0) await sleep(50);
    enough.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    const aborted = performance.now();
    while ((await server.metric('vllm:num_requests_running')) > 0) await sleep(20);
    // A completion would go on for ten seconds at this pace.
    expect(performance.now() - aborted).toBeLessThan(3000);
  });
  expect((await resultsOf(engine, sampled.slice(0, 4))).size).toBe(4);
});

describe('a server that goes away while it answers', () => {
  /** Collects through a door that is shut once the first result is there; resolves with all that was said. */
  async function shutting(options: Partial<OpenAiEngineOptions>, reopen: (door: Door) => Promise<unknown>) {
    const door = await openDoor(server.url);
    const through = engineWith({ url: door.url, ...options });
    const said: string[] = [];
    const results = new Map<string, Rollout | RolloutFailure>();
    let resent = 0;
    let shut: Promise<unknown> | undefined;
    const generating = atPace(STEP_MS, () =>
      through.generate(sampled, {
        onNote: (message) => said.push(message),
        onRetry: (count) => {
          resent += count;
        },
        onResult: (result) => {
          expect(results.has(result.promptId), `${result.promptId} came twice`).toBe(false);
          results.set(result.promptId, result);
          shut ??= door.shut().then(() => reopen(door));
        },
      }),
    );
    const error = await generating.catch((reason: unknown) => reason);
    await shut;
    await through.close();
    await door.shut();
    return { door, error, results, said, resent };
  }

  test('is waited for, and nothing is lost, twice, or different', async () => {
    const undisturbed = await resultsOf(engine, sampled);
    const { door, error, results, said, resent } = await shutting({}, async (shut) => {
      await sleep(3000);
      await shut.open();
    });
    expect(error).toBeUndefined();
    expect([...results].map(([id, result]) => [id, 'text' in result ? result.text : result.message]).sort()).toEqual(
      [...undisturbed.values()].map(({ promptId, text }) => [promptId, text]).sort(),
    );
    expect(resent).toBeGreaterThan(0);
    expect(said).toEqual([
      expect.stringContaining(`waiting for the server at ${door.url}, which is gone`),
      expect.stringMatching(/^warning: the server at .* was gone for \d+ s$/),
    ]);
  });

  test('is waited for as long as the recipe says, and no longer', async () => {
    const { door, error, results } = await shutting({ patience: 1 }, async () => {});
    expect(error).toMatchObject({
      name: 'UserError',
      code: 'server-gone',
      kind: 'dependency',
      message: expect.stringMatching(new RegExp(`^the server at ${door.url} has been gone for \\d+ s: .*ECONNREFUSED`)),
      fix: expect.stringContaining('engine.server.patience'),
    });
    expect([...results.values()].filter((result) => 'code' in result)).toEqual([]);
  });
});

describe('a recipe', () => {
  const runs = join(scratch, 'runs');
  const run = (name: string, url: string, patience: number) =>
    servedRun({ url, runs, run: name, benchmark: 'perception', limit: 24, samples: 0, patience });

  test('evaluates and sweeps through a server', async () => {
    const ran = await run('served', `${server.url}/v1`, 600);
    expect(ran.exitCode, ran.stderr).toBe(0);
    const { live } = JSON.parse(readFileSync(join(runs, 'served', 'sweep', 'sweep.json'), 'utf8'));
    expect(live).toMatchObject({ n: 12, same: 12, modes: { stream: 12 } });
    const { stdout } = await vauto(['runs', 'show', 'served', '--runs', runs, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      run: { status: 'done' },
      ledger: { rollouts: 36, failures: 0, lost: 0 },
    });
  });

  test('whose server does not come back ends with status 3 and what to do; the same command then ends as if nothing had been', async () => {
    const door = await openDoor(server.url);
    const first = await atPace(STEP_MS, async () => {
      const running = run('cut', `${door.url}/v1`, 2);
      running.stderr.on('data', (text) => {
        if (/^evaluate: \d+\/24/m.test(String(text))) void door.shut();
      });
      return await running;
    });
    expect(first.exitCode, first.stderr).toBe(3);
    expect(first.stderr).toContain(`evaluate: waiting for the server at ${door.url}, which is gone`);
    expect(first.stderr).toMatch(/has been gone for \d+ s.*\n.*start it again, then the same command/);
    await door.open();
    const second = await run('cut', `${door.url}/v1`, 2);
    await door.shut();
    expect(second.exitCode, second.stderr).toBe(0);
    const store = join(runs, 'vauto.db');
    expect(servedContentOf(store, 'cut')).toEqual(servedContentOf(store, 'served'));
  });
});

test('a name that the server does not serve is the recipe writer’s error', async () => {
  const wrong = engineWith({ model: 'large' });
  await expect(wrong.info()).rejects.toMatchObject({
    name: 'UserError',
    code: 'not-served',
    message: expect.stringContaining('serves tiny'),
  });
  await expect(engine.loadWeights(scratch)).rejects.toMatchObject({ code: 'server-only' });
  await wrong.close();
});

/** A bitmap file of one colour, 24 bits a pixel. */
function redSquare(side: number): Buffer {
  const header = Buffer.alloc(54);
  header.write('BM');
  for (const [offset, value] of [
    [2, 54 + 3 * side * side],
    [10, 54],
    [14, 40],
    [18, side],
    [22, side],
  ] as const)
    header.writeUInt32LE(value, offset);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(24, 28);
  return Buffer.concat([header, Buffer.alloc(3 * side * side, Buffer.from([0, 0, 255]))]);
}

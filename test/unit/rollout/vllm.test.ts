import { expect, test } from 'vitest';
import { type Params, WorkerError, type WorkerFailure } from '../../../orchestrator/bridge/index.js';
import {
  createVllmEngine,
  type EngineWorker,
  isFailure,
  type RolloutRequest,
} from '../../../orchestrator/rollout/index.js';

/** A process that dies when it is sent a deadly prompt: the policy around deaths, without the minutes of real ones. */
function mortalWorker(deadly: (ids: readonly number[]) => boolean, code: WorkerFailure = 'died') {
  const log: string[] = [];
  let starts = 0;
  let loaded = false;
  let alive = false;
  let doomed: string | undefined;
  const info = {
    engine: 'vllm',
    version: '0',
    weights: 'w',
    libraries: {},
    device: 'cpu',
    import_seconds: 0,
    load_seconds: 0,
  };
  const fail = (failure: WorkerFailure, pythonType?: string) =>
    new WorkerError({
      code: failure,
      message: failure,
      worker: 'engine',
      method: 'x',
      ...(pythonType ? { pythonType } : {}),
    });
  const call = async (
    method: string,
    params: unknown,
    options?: { onEvent?: (name: string, payload: unknown) => void },
  ) => {
    if (!alive) {
      alive = true;
      loaded = false;
      starts += 1;
    }
    if (method === doomed) {
      [alive, doomed] = [false, undefined];
      throw fail(code);
    }
    if (method === 'rollout.sleep') {
      if (!loaded) throw fail('raised', 'NotLoaded');
      log.push(method);
      return {};
    }
    if (method === 'rollout.load') loaded = true;
    else if (!loaded) throw fail('raised', 'NotLoaded');
    if (method !== 'rollout.generate') {
      const { model, sleep } = params as Params<'rollout.load'>;
      log.push(`${method} ${model}${sleep ? ', can sleep' : ''}`);
      return { ...info, weights: (params as { model: string }).model };
    }
    const { requests } = params as Params<'rollout.generate'>;
    const ids = requests.map((request) => request.id);
    log.push(`generate ${ids.join(' ')}`);
    for (const id of ids) {
      if (deadly([id]) && deadly(ids)) {
        alive = false;
        throw fail(code);
      }
      const rest = {
        token_ids: [2],
        logprobs: [0],
        token_ends: [1],
        finish_reason: 'stop',
        prompt_tokens: 1,
        cached_tokens: 0,
      };
      options?.onEvent?.('rollout', { id, key: `k${id}`, text: 'x', ...rest });
    }
    return { seconds: 0, generated_tokens: ids.length };
  };
  const worker = {
    call: call as EngineWorker['call'],
    stop: async () => {},
    get starts() {
      return starts;
    },
  };
  return {
    worker,
    log,
    kill: () => {
      alive = false;
    },
    /** The process dies of the next call of this method. */
    killIn: (method: string) => {
      doomed = method;
    },
  };
}

const videoBudget = { fps: 2, max_frames: 4, min_pixels: 784, max_pixels: 3136, total_pixels: 99_999 };
const open = (worker: EngineWorker) =>
  createVllmEngine({ worker, model: 'base', trustRemoteCode: false, engineArgs: {}, videoBudget, seed: 1 });

const requests: RolloutRequest[] = [0, 1, 2, 3].map((index) => ({
  promptId: 'p',
  index,
  seed: index,
  messages: [],
  media: [],
  sampling: { temperature: 1, topP: 1, topK: 0, maxTokens: 8, stop: [] },
}));

async function run(worker: EngineWorker) {
  const engine = await open(worker);
  const results: string[] = [];
  await engine.generate(requests, {
    onResult: (result) => results.push(`${result.index}${isFailure(result) ? ` ${result.code}` : ''}`),
  });
  return results;
}

test.each(['died', 'hung'] as const)(
  'a process that %s once is replaced and the whole unit sent again',
  async (code) => {
    let deaths = 0;
    const { worker, log } = mortalWorker((ids) => ids.includes(2) && deaths++ < 2, code);
    expect(await run(worker)).toEqual(['0', '1', '2', '3']);
    expect(log).toEqual(['rollout.load base', 'generate 0 1 2 3', 'rollout.load base', 'generate 0 1 2 3']);
  },
);

test('a request that ends every process becomes a poisoned failure; the others are finished', async () => {
  const { worker, log } = mortalWorker((ids) => ids.includes(2));
  expect(await run(worker)).toEqual(['0', '1', '2 poisoned', '3']);
  expect(log.filter((line) => line.startsWith('generate'))).toEqual([
    'generate 0 1 2 3',
    'generate 0 1 2 3',
    'generate 2',
    'generate 3',
  ]);
});

test('when every request ends a process it is not the requests', async () => {
  const { worker } = mortalWorker(() => true);
  await expect(run(worker)).rejects.toMatchObject({ name: 'WorkerError', code: 'died' });
});

test('after a death between calls the last weights come back', async () => {
  const { worker, log, kill } = mortalWorker(() => false);
  const engine = await open(worker);
  expect((await engine.loadWeights('trained')).weights).toBe('trained');
  kill();
  await engine.generate(requests.slice(0, 1), { onResult: () => {} });
  expect(log).toEqual([
    'rollout.load base',
    'rollout.swap trained',
    'rollout.load base',
    'rollout.swap trained',
    'generate 0',
  ]);
});

test('after a death between calls new weights are put in at once: the last ones may be gone from the disk', async () => {
  const { worker, log, kill } = mortalWorker(() => false);
  const engine = await open(worker);
  await engine.loadWeights('trained');
  kill();
  expect((await engine.loadWeights('later')).weights).toBe('later');
  expect(log.slice(2)).toEqual(['rollout.load base', 'rollout.swap later']);
});

test('a process that dies while it takes new weights is replaced, and takes them', async () => {
  const { worker, log, killIn } = mortalWorker(() => false);
  const engine = await open(worker);
  await engine.info();
  killIn('rollout.swap');
  expect((await engine.loadWeights('trained')).weights).toBe('trained');
  expect(log).toEqual(['rollout.load base', 'rollout.load base', 'rollout.swap trained']);
});

test('is put to sleep where it is up, and started so that it can be', async () => {
  const { worker, log, kill } = mortalWorker(() => false);
  const engine = await createVllmEngine({
    ...{ worker, model: 'base', trustRemoteCode: false, engineArgs: {}, videoBudget, seed: 1 },
    sleep: true,
  });
  await engine.sleep?.();
  await engine.generate(requests.slice(0, 1), { onResult: () => {} });
  await engine.sleep?.();
  await engine.loadWeights('new');
  // Whoever died in its sleep comes up awake, with the weights that it had.
  kill();
  await engine.sleep?.();
  await engine.generate(requests.slice(0, 1), { onResult: () => {} });
  const up = 'rollout.load base, can sleep';
  const first = [up, 'generate 0', 'rollout.sleep', 'rollout.swap new'];
  expect(log).toEqual([...first, up, 'rollout.swap new', 'generate 0']);
});

import { expect, test } from 'vitest';
import type { StageContext } from '../../../orchestrator/pipeline/stage.js';
import { runTraining } from '../../../orchestrator/training/launched.js';
import type { trainParams } from '../../../orchestrator/training/params.js';
import { load, MINIMAL } from '../recipe/fixture.js';

type Params = ReturnType<typeof trainParams> & { ask?: { url: string; token: string } };
type Call = (params: Params, handlers: Readonly<Record<string, unknown>> | undefined) => Promise<unknown>;

const HANDLERS = {
  reward: async () => ({ rewards: [1] }),
  weights: () => Promise.reject(new Error('the disk is full')),
};

/** Runs a training whose Python side is `call`. */
async function training(processes: number, call: Call, heard: unknown[] = []) {
  const { recipe } = await load(`${MINIMAL}train: {processes: ${processes}}\n`);
  const trainer = {
    call: (_: string, params: Params, { handlers }: { handlers?: Record<string, unknown> }) => call(params, handlers),
  };
  const context = { recipe, trainer: () => trainer } as unknown as StageContext;
  const onEvent = (name: string, payload: unknown) => void heard.push([name, payload]);
  const { signal } = new AbortController();
  return runTraining(context, { model: 'm' } as Params, { signal, handlers: HANDLERS, onEvent });
}

async function post({ ask }: Params, path: string, payload: unknown) {
  const headers = { authorization: `Bearer ${ask?.token}` };
  const response = await fetch(ask?.url + path, {
    method: 'POST',
    headers,
    body: JSON.stringify({ id: '1', payload }),
  });
  return response.json();
}

test('one process is answered over the bridge', async () => {
  const result = await training(1, async (params, handlers) => ({ params, handlers }));
  expect(result).toEqual({ params: { model: 'm' }, handlers: HANDLERS });
});

test('several are answered over HTTP, until the training ends', async () => {
  const heard: unknown[] = [];
  let url = '';
  await training(
    2,
    async (params, handlers) => {
      expect(handlers).toBeUndefined();
      url = params.ask?.url ?? '';
      expect(await post(params, '/ask/reward', {})).toEqual({ value: { rewards: [1] } });
      expect(await post(params, '/event/step', { step: 3, loss: 0.5 })).toEqual({ cancelled: false });
    },
    heard,
  );
  expect(heard).toEqual([['step', { step: 3, loss: 0.5 }]]);
  await expect(fetch(url)).rejects.toThrow();
});

test('what failed here is what is thrown, and not what Python made of it', async () => {
  const failing = training(2, async (params) => {
    await post(params, '/ask/weights', {});
    throw new Error('weights failed in TypeScript');
  });
  await expect(failing).rejects.toThrow('the disk is full');
});

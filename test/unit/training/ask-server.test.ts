import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AskServer, type AskServerOptions, startAskServer } from '../../../orchestrator/training/ask-server.js';

const open: AskServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function setUp(options: Partial<AskServerOptions> = {}) {
  const graded: unknown[] = [];
  const heard: [string, unknown][] = [];
  const server = await startAskServer({
    processes: 2,
    handlers: {
      reward: async (payload) => {
        const { step } = z.object({ step: z.number().int() }).parse(payload);
        graded.push(step);
        return { rewards: [step, null] };
      },
      weights: () => Promise.reject(new Error('the disk is full')),
    },
    events: { step: z.looseObject({ step: z.number() }) },
    onEvent: (name, payload) => void heard.push([name, payload]),
    cancelled: () => false,
    ...options,
  });
  open.push(server);
  const send = async (path: string, body: unknown, token: string | null = server.token) => {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(server.url + path, { method: 'POST', headers, body: text });
    const answer = await response.text();
    return { status: response.status, answer: answer === '' ? '' : JSON.parse(answer) };
  };
  return { server, send, graded, heard };
}

const question = (id: string, step = 3) => ({ id, payload: { step } });

describe('questions over HTTP', () => {
  it('are answered on the loopback, as over the bridge', async () => {
    const { server, send } = await setUp();
    expect(new URL(server.url).hostname).toBe('127.0.0.1');
    expect(await send('/ask/reward', question('a'))).toEqual({
      status: 200,
      answer: { value: { rewards: [3, null] } },
    });
  });

  it.each([null, '', 'guess', '0'.repeat(64)])('without the token (%j) tell nothing', async (token) => {
    const { send, graded, heard } = await setUp();
    for (const path of ['/ask/reward', '/ask/unknown', '/event/step', '/elsewhere'])
      expect(await send(path, question('a'), token)).toEqual({ status: 401, answer: '' });
    expect([graded, heard]).toEqual([[], []]);
  });

  it('have a token of their own in each training', async () => {
    const [one, other] = [await setUp(), await setUp()];
    expect(one.server.token).not.toBe(other.server.token);
    expect((await one.send('/ask/reward', question('a'), other.server.token)).status).toBe(401);
  });

  it('asked again get the same answer, and are carried out once', async () => {
    const { send, graded } = await setUp();
    const first = await send('/ask/reward', question('a'));
    expect(await send('/ask/reward', question('a'))).toEqual(first);
    await Promise.all([send('/ask/reward', question('b')), send('/ask/reward', question('b'))]);
    expect(graded).toEqual([3, 3]);
  });

  it('are forgotten after a while, but never while they are worked on', async () => {
    let release = () => {};
    let asked = 0;
    const slow = async () => {
      asked += 1;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return {};
    };
    const { send } = await setUp({ handlers: { slow, fast: async () => ({}) }, processes: 1, holdMs: 5 });
    expect(await send('/ask/slow', question('s'))).toEqual({ status: 202, answer: { pending: true } });
    for (let index = 0; index < 40; index += 1) await send('/ask/fast', question(`f${index}`));
    expect((await send('/ask/slow', question('s'))).status).toBe(202);
    release();
    expect(await send('/ask/slow', question('s'))).toEqual({ status: 200, answer: { value: {} } });
    expect(asked).toBe(1);
  });

  it('that fail say so, and leave their cause here', async () => {
    const { server, send } = await setUp();
    const failed = { status: 200, answer: { error: 'the disk is full' } };
    expect(await send('/ask/weights', question('a'))).toEqual(failed);
    expect(await send('/ask/weights', question('a'))).toEqual(failed);
    expect(server.failure()).toEqual(new Error('the disk is full'));
  });

  it.each([
    ['/ask/unknown', question('a'), 404],
    ['/ask/toString', question('a'), 404],
    ['/ask/reward', '{', 400],
    ['/ask/reward', { payload: { step: 1 } }, 400],
    ['/ask/reward', { id: 'a', payload: { step: 'one' } }, 400],
    ['/event/unknown', question('a'), 404],
    ['/event/step', { id: 'a', payload: 'one' }, 400],
    ['/ask/reward', question('a'.repeat(2000)), 413],
  ])('%s with %j: status %i, and no failure of ours', async (path, body, status) => {
    const { server, send, graded, heard } = await setUp({ maxBodyBytes: 1000 });
    expect((await send(path, body)).status).toBe(status);
    expect([graded, heard, server.failure()]).toEqual([[], [], undefined]);
  });
});

describe('events over HTTP', () => {
  it('arrive once, and hear whether to go on', async () => {
    let cancelled = false;
    const { send, heard } = await setUp({ cancelled: () => cancelled });
    expect(await send('/event/step', question('a'))).toEqual({ status: 200, answer: { cancelled: false } });
    cancelled = true;
    expect(await send('/event/step', question('a'))).toEqual({ status: 200, answer: { cancelled: true } });
    expect(await send('/event/beat', '')).toEqual({ status: 200, answer: { cancelled: true } });
    expect(heard).toEqual([['step', { step: 3 }]]);
  });

  it('that cannot be taken end the training', async () => {
    const onEvent = () => {
      throw new Error('the store is locked');
    };
    const { server, send } = await setUp({ onEvent });
    expect((await send('/event/step', question('a'))).answer).toMatchObject({ error: 'the store is locked' });
    expect(server.failure()).toEqual(new Error('the store is locked'));
  });
});

it('closes at once, whatever is under way', async () => {
  const { server, send } = await setUp({ handlers: { never: () => new Promise(() => {}) } });
  const asked = send('/ask/never', question('a')).catch((error: Error) => error);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server.close();
  expect(await asked).toBeInstanceOf(Error);
});

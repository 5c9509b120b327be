import { expect, test } from 'vitest';
import { UserError } from '../../../../orchestrator/errors.js';
import {
  CutShort,
  isLoss,
  RequestFault,
  refusalError,
  Transient,
} from '../../../../orchestrator/rollout/openai/faults.js';
import { waitMs, withRetries } from '../../../../orchestrator/rollout/openai/retry.js';

const body = (message: string, param?: string) => JSON.stringify({ error: { message, param } });
const { signal } = new AbortController();

test.each<[number, string, boolean, unknown]>([
  [503, 'overloaded', false, Transient],
  [429, 'overloaded', false, Transient],
  [401, body('no key'), false, UserError],
  [404, body('The model `x` does not exist.'), false, UserError],
  [400, body('temperature must be non-negative', 'temperature'), false, UserError],
  [
    400,
    body("This model's maximum context length is 512 tokens."),
    false,
    expect.objectContaining({ code: 'too-long' }),
  ],
  [400, body('cannot decode video'), true, expect.objectContaining({ code: 'media' })],
  [400, body('something else about a video'), false, expect.objectContaining({ code: 'engine', status: 400 })],
  [500, 'no JSON', false, expect.objectContaining({ code: 'engine', status: 500 })],
])('status %i, %s', (status, text, hasMedia, expected) => {
  const error = refusalError({ status, text, hasMedia });
  if (typeof expected === 'function') expect(error).toBeInstanceOf(expected);
  else expect(error).toEqual(expected);
});

test('waits grow, keep below their limit, and are longer when the server asks for it', () => {
  const policy = { attempts: 9, baseMs: 100, mostMs: 3000 };
  for (let attempt = 1; attempt < 9; attempt += 1) {
    const wait = waitMs(policy, attempt, 4);
    expect(wait).toBeGreaterThanOrEqual(Math.min(3000, 50 * 2 ** (attempt - 1)));
    expect(wait).toBeLessThanOrEqual(Math.min(3000, 100 * 2 ** (attempt - 1)));
    expect(waitMs(policy, attempt, 4)).toBe(wait);
  }
  expect(waitMs(policy, 1, 4, 2)).toBe(2000);
  expect(waitMs(policy, 1, 4, 9)).toBe(3000);
});

test('what may succeed is tried again, as often as the policy says, and nothing else is', async () => {
  const policy = { attempts: 3, baseMs: 1, mostMs: 2 };
  const failing = (errors: Error[]) => {
    let calls = 0;
    const run = async () => {
      const error = errors[calls++];
      if (error) throw error;
      return calls;
    };
    return withRetries(policy, 0, signal, run);
  };
  const busy = new Transient('busy', 'busy');
  expect(await failing([busy, busy])).toBe(3);
  await expect(failing([busy, busy, busy])).rejects.toBe(busy);
  await expect(failing([new RequestFault('media', 'broken')])).rejects.toMatchObject({ code: 'media' });
});

test.each([
  ['no connection', new Transient('refused', 'unreachable'), true],
  ['a connection that broke', new Transient('reset', 'broken'), true],
  ['a stream that was cut', new CutShort('engine', 'cut'), true],
  ['status 500, as of a dead engine', refusalError({ status: 500, text: '', hasMedia: false }), true],
  ['status 503', refusalError({ status: 503, text: '', hasMedia: false }), true],
  ['status 429', refusalError({ status: 429, text: '', hasMedia: false }), false],
  ['status 400', refusalError({ status: 400, text: '', hasMedia: false }), false],
])('%s: the server may have gone: %#', (_name, error, loss) => expect(isLoss(error)).toBe(loss));

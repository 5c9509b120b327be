import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type ApiError, errorBody } from '../../../orchestrator/gateway/errors.js';
import { createLimits } from '../../../orchestrator/gateway/limits.js';
import { inlineMedium, type MediaRules } from '../../../orchestrator/gateway/media.js';
import { parseRequest } from '../../../orchestrator/gateway/request.js';
import { Savings } from '../../../orchestrator/gateway/savings.js';
import { png } from '../../fixtures/png.js';

const asked = { model: 'm', messages: [{ role: 'user', content: 'x' }] };

describe('a request', () => {
  test('of the oldest form is taken, with what it leaves out', () => {
    expect(parseRequest(asked)).toMatchObject({
      stream: false,
      output: 'answer',
      reasoning: false,
      maxTokens: undefined,
    });
    const nulls = { stream: null, n: null, tools: [], response_format: { type: 'text' }, logprobs: false, stop: null };
    expect(parseRequest({ ...asked, ...nulls, user: 'u', metadata: {} })).toMatchObject({ stream: false });
    expect(parseRequest({ ...asked, max_tokens: 9, max_completion_tokens: 7 }).maxTokens).toBe(7);
    expect(parseRequest({ ...asked, include_reasoning: true }).reasoning).toBe(true);
    expect(parseRequest({ ...asked, vauto: { reasoning: false }, include_reasoning: true }).reasoning).toBe(false);
  });

  test.each([
    [undefined, 'the body'],
    [[], 'the body'],
    [{ ...asked, temperature: 'hot' }, 'temperature'],
    [{ ...asked, max_tokens: 0 }, 'max_tokens'],
    [
      { ...asked, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] },
      'messages[0].content[0].image_url.url',
    ],
    [{ ...asked, logprobs: true }, 'logprobs'],
    [{ ...asked, response_format: { type: 'json_object' } }, 'response_format.type'],
  ])('that is wrong names the place: %j', (body, place) => {
    try {
      parseRequest(body);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ status: 400, message: expect.stringContaining(place) });
      expect(errorBody(error as ApiError).error).toMatchObject({
        type: 'invalid_request_error',
        code: 'invalid_request',
      });
    }
  });
});

describe('limits', () => {
  const never = new AbortController().signal;

  test('so many run, so many wait, the next is turned away', async () => {
    const limits = createLimits(2, 1);
    const [leaveFirst] = await Promise.all([limits.enter(never), limits.enter(never)]);
    const third = limits.enter(never);
    expect([limits.running, limits.waiting]).toEqual([2, 1]);
    expect(() => limits.enter(never)).toThrowError(expect.objectContaining({ status: 429, retryAfter: 1 }));
    leaveFirst?.();
    await third;
    expect([limits.running, limits.waiting]).toEqual([2, 0]);
  });

  test('who goes away while waiting frees the place', async () => {
    const limits = createLimits(1, 1);
    const leave = await limits.enter(never);
    const gone = new AbortController();
    const waiting = limits.enter(gone.signal);
    gone.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    leave();
    await sleep(1);
    expect([limits.running, limits.waiting]).toEqual([0, 0]);
  });
});

describe('media', () => {
  const rules: MediaRules = { remote: 'public', root: undefined, maxBytes: 10_000, maxPixels: 10_000 };
  const { signal } = new AbortController();
  const dataUrl = (bytes: Buffer, type = 'image/png') => `data:${type};base64,${bytes.toString('base64')}`;

  test('an image inside the request is taken as it is', async () => {
    const url = dataUrl(png(8, 8));
    expect(await inlineMedium(url, 'image', 'p', rules, signal)).toBe(url);
  });

  test.each([
    [dataUrl(png(200, 200)), 400, 'more than 10000'],
    [dataUrl(Buffer.alloc(20_000)), 413, 'at most 10000 bytes'],
    [dataUrl(png(8, 8), 'image/svg+xml'), 400, 'is no image that is taken'],
    [dataUrl(png(8, 8), 'video/mp4'), 400, 'is no image that is taken'],
    ['file:///etc/passwd', 400, 'reads no files'],
    ['http://localhost:1/a.png', 400, 'private network'],
    ['http://[::1]:1/a.png', 400, 'private network'],
    ['http://[::ffff:10.0.0.1]/a.png', 400, 'private network'],
    ['http://0x7f000001/a.png', 400, 'private network'],
    ['javascript:alert(1)', 400, 'is needed'],
    ['relative.png', 400, 'is needed'],
  ])('%s is refused', async (url, status, message) => {
    await expect(inlineMedium(url, 'image', 'p', rules, signal)).rejects.toMatchObject({
      status,
      message: expect.stringContaining(message),
    });
  });
});

test('savings are the mean of what others went on to say, the recent ones', () => {
  const savings = new Savings();
  expect(savings.perExit).toBeNull();
  for (const tokens of [10, 20, 30]) savings.thought(tokens);
  expect(savings.perExit).toBe(20);
  for (let index = 0; index < 3000; index += 1) savings.thought(100);
  expect(savings.perExit).toBe(100);
});

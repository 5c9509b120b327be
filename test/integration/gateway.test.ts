// `vauto serve` with the tiny model on real vLLM, asked by OpenAI's own clients; started once for all tests of this file.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitsAt, parseCompletion } from '../../orchestrator/answer/index.js';
import { type ServedGateway, startGateway } from '../fixtures/gateway.js';
import { png } from '../fixtures/png.js';
import { ROOT, vauto } from './shared-run.js';

const data = join(ROOT, 'recipes', 'tiny', 'data');
const scratch = mkdtempSync(join(tmpdir(), 'vauto-gateway-'));
const THRESHOLD = 0.9;
const MAX_TOKENS = 96;

let gateway: ServedGateway;
let client: OpenAI;

beforeAll(async () => {
  symlinkSync('/etc/hostname', join(scratch, 'link.mp4'));
  const flags = ['--threshold', String(THRESHOLD), '--max-body', '8', '--media-root', scratch, '--max-waiting', '400'];
  gateway = await startGateway([join(ROOT, 'recipes', 'quickstart.yaml'), '--name', 'tiny', ...flags]);
  client = new OpenAI({ baseURL: gateway.url, apiKey: 'none', maxRetries: 0 });
});
afterAll(async () => {
  expect(await gateway?.stop()).toBe(0);
  rmSync(scratch, { recursive: true });
});

type Messages = OpenAI.ChatCompletionMessageParam[];

interface Question {
  readonly id: string;
  readonly answer: string;
  readonly messages: Messages;
}

/** The first rows of a manifest, as a client would ask them: video inside the request, no word of boxes. */
function questions(manifest: string, count: number): Question[] {
  const lines = readFileSync(join(data, manifest), 'utf8').trim().split('\n').slice(0, count);
  return lines.map((line) => {
    const { id, question, options = [], answer, video } = JSON.parse(line);
    const text = [question, ...options.map((option: string, i: number) => `${'ABCDEFGH'[i]}. ${option}`)].join('\n');
    const content = [
      ...(video === undefined ? [] : [videoPart(readFileSync(join(data, video)))]),
      { type: 'text', text },
    ];
    return { id, answer, messages: [{ role: 'user', content }] as Messages };
  });
}

function videoPart(bytes: Buffer, type = 'video/mp4') {
  return { type: 'video_url', video_url: { url: `data:${type};base64,${bytes.toString('base64')}` } };
}

function imagePart(bytes: Buffer) {
  return { type: 'image_url', image_url: { url: `data:image/png;base64,${bytes.toString('base64')}` } };
}

interface Vauto {
  policy: string;
  threshold: number | null;
  confidence: number | null;
  exited: boolean;
  answer_from: string;
  mode: string | null;
  saved_tokens: number | null;
}

async function ask(messages: Messages, vauto: Record<string, unknown> = {}) {
  const body = { model: 'tiny', messages, max_tokens: MAX_TOKENS, vauto };
  const reply = await client.chat.completions.create(body as OpenAI.ChatCompletionCreateParamsNonStreaming);
  const message = reply.choices[0]?.message as OpenAI.ChatCompletionMessage & { reasoning_content?: string };
  const { content, reasoning_content: reasoning } = message;
  return { content, reasoning, usage: reply.usage, vauto: (reply as unknown as { vauto: Vauto }).vauto };
}

const mixed = [...questions('reasoning.jsonl', 12), ...questions('perception.jsonl', 12)];

describe('policies', () => {
  test('auto answers what choosing from the full completions gives, and generates less', async () => {
    const auto = await Promise.all(mixed.map(({ messages }) => ask(messages)));
    const full = await Promise.all(mixed.map(({ messages }) => ask(messages, { policy: 'always', output: 'text' })));
    const never = await Promise.all(mixed.map(({ messages }) => ask(messages, { policy: 'never' })));
    let exits = 0;
    for (const [place, { content, vauto, usage }] of auto.entries()) {
      const [whole, first] = [full[place], never[place]];
      const trace = parseCompletion(
        { text: whole?.content ?? '', logprobs: [], tokenEnds: [], finishReason: 'stop' },
        'answer-twice',
      );
      const exited = exitsAt(trace.fallback ? null : (whole?.vauto.confidence ?? null), THRESHOLD);
      expect(vauto).toMatchObject({ policy: 'auto', threshold: THRESHOLD, exited, mode: 'engine' });
      expect(content).toBe((exited ? trace.first : trace.second)?.text);
      expect(vauto.answer_from).toBe(exited ? 'first' : 'second');
      expect(first?.content).toBe(trace.first?.text);
      expect(first?.vauto).toMatchObject({ policy: 'never', exited: true, threshold: null });
      expect(usage?.prompt_tokens).toBe(whole?.usage?.prompt_tokens);
      if (exited) expect(usage?.completion_tokens).toBeLessThan(whole?.usage?.completion_tokens ?? 0);
      else expect(usage?.completion_tokens).toBe(whole?.usage?.completion_tokens);
      exits += Number(exited);
    }
    expect(exits).toBeGreaterThan(4);
    expect(exits).toBeLessThan(mixed.length - 4);
    const right = auto.filter(({ content }, place) => content === mixed[place]?.answer);
    expect(right.length).toBeGreaterThan(mixed.length * 0.75);
  });

  test('a threshold of a request is its own', async () => {
    const [question] = mixed;
    if (!question) throw new Error('no question');
    expect((await ask(question.messages, { threshold: 0.0001 })).vauto).toMatchObject({
      threshold: 0.0001,
      exited: true,
    });
    expect((await ask(question.messages, { threshold: 1 })).vauto).toMatchObject({ threshold: 1, exited: false });
  });
});

describe("OpenAI's clients", () => {
  test('the one for Python: whole, streamed, models, errors', async () => {
    const [question] = mixed;
    const python = join(ROOT, '.venv', 'bin', 'python');
    const script = join(ROOT, 'test', 'fixtures', 'python', 'openai_client.py');
    const { stdout } = await execa(python, [script, gateway.url, 'tiny', JSON.stringify(question?.messages)]);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ models: ['tiny'], refused: [404, 'NotFoundError', 'model_not_found'] });
    expect(said.answer).toBe(question?.answer);
    expect(said.streamed).toBe(said.answer);
    expect(said.thoughts).toBe(said.reasoning);
    expect(said.thoughts).not.toMatch(/think>|boxed/);
    expect(said.thoughts.length).toBeGreaterThan(5);
    expect(said.vauto).toMatchObject({ policy: 'auto', exited: false });
    expect(said.usage[1]).toBeGreaterThan(10);
  });

  test('the one for JavaScript: whole and streamed say the same', async () => {
    for (const policy of ['never', 'always', 'auto']) {
      for (const { messages } of [mixed[0], mixed[12]] as Question[]) {
        const whole = await ask(messages, { policy, output: 'text' });
        const body = {
          model: 'tiny',
          messages,
          max_tokens: MAX_TOKENS,
          stream: true,
          vauto: { policy, output: 'text' },
        };
        const stream = await client.chat.completions.create(body as OpenAI.ChatCompletionCreateParamsStreaming);
        let text = '';
        let last: Vauto | undefined;
        for await (const event of stream) {
          text += event.choices[0]?.delta.content ?? '';
          last = (event as unknown as { vauto?: Vauto }).vauto ?? last;
        }
        expect(text).toBe(whole.content);
        expect(last).toMatchObject({ ...whole.vauto, saved_tokens: expect.toSatisfy(() => true) });
      }
    }
  });
});

const say = (content: unknown) => [{ role: 'user', content }];
const part = (url: string, type = 'video') => say([{ type: `${type}_url`, [`${type}_url`]: { url } }]);
const hello = say('Which digit?');
const fileUrl = (name: string) => `file://${join(scratch, name)}`;

describe('what cannot be answered', () => {
  test.each<[string, Record<string, unknown>, number, string, string | null]>([
    ['no messages', { messages: [] }, 400, 'invalid_request', 'messages'],
    [
      'a role that there is not',
      { messages: [{ role: 'wizard', content: 'x' }] },
      400,
      'invalid_request',
      'messages[0].role',
    ],
    [
      'a part that there is not',
      { messages: say([{ type: 'smell' }]) },
      400,
      'invalid_request',
      'messages[0].content[0].type',
    ],
    ['nobody who asks', { messages: [{ role: 'system', content: 'x' }] }, 400, 'invalid_request', 'messages'],
    ['τ above 1', { messages: hello, vauto: { threshold: 1.5 } }, 400, 'invalid_request', 'vauto.threshold'],
    ['τ of 0', { messages: hello, vauto: { threshold: 0 } }, 400, 'invalid_request', 'vauto.threshold'],
    ['an unknown policy', { messages: hello, vauto: { policy: 'maybe' } }, 400, 'invalid_request', 'vauto.policy'],
    ['an unknown extension', { messages: hello, vauto: { treshold: 1 } }, 400, 'invalid_request', 'vauto'],
    ['two completions', { messages: hello, n: 2 }, 400, 'invalid_request', 'n'],
    ['tools', { messages: hello, tools: [{ type: 'function' }] }, 400, 'invalid_request', 'tools'],
    ['another model', { messages: hello, model: 'gpt' }, 404, 'model_not_found', 'model'],
    [
      'more than the context holds',
      { messages: say('word '.repeat(3000)) },
      400,
      'context_length_exceeded',
      'messages',
    ],
    [
      'bytes that are no video',
      { messages: part(videoPart(Buffer.from('junk')).video_url.url) },
      400,
      'invalid_media',
      'messages',
    ],
    ['a type that is not taken', { messages: part('data:text/html;base64,PGI+') }, 400, 'invalid_media', null],
    ['no base64', { messages: part('data:video/mp4,abc') }, 400, 'invalid_media', null],
    ['bytes that are no image', { messages: say([imagePart(Buffer.from('junk'))]) }, 400, 'invalid_media', null],
    [
      'an image of 20,000 × 20,000',
      { messages: say([imagePart(png(20_000, 20_000, true))]) },
      400,
      'invalid_media',
      null,
    ],
    ['a private address', { messages: part('http://127.0.0.1:1/x.mp4') }, 400, 'invalid_media', null],
    [
      'the address of a cloud’s metadata',
      { messages: part('http://169.254.169.254/latest') },
      400,
      'invalid_media',
      null,
    ],
    ['a file outside the folder', { messages: part('file:///etc/passwd') }, 400, 'invalid_media', null],
    ['a way out of the folder', { messages: part(fileUrl('../../etc/passwd')) }, 400, 'invalid_media', null],
    ['a link out of the folder', { messages: part(fileUrl('link.mp4')) }, 400, 'invalid_media', null],
    ['another scheme', { messages: part('ftp://example.org/x.mp4') }, 400, 'invalid_media', null],
  ])('%s', async (_, body, status, code, param) => {
    const reply = await post({ model: 'tiny', ...body });
    expect([reply.status, reply.json.error.code], reply.json.error.message).toEqual([status, code]);
    if (param !== null) expect(reply.json.error.param).toBe(param);
    expect(reply.json.error.message).not.toContain('/etc');
  });

  test('a body that is too large, no JSON, or not said to be JSON; a place that there is not', async () => {
    const wrong = async (init: RequestInit, path = '/chat/completions') => {
      const reply = await fetch(gateway.url + path, { method: 'POST', ...init });
      return [reply.status, ((await reply.json()) as { error: { code: string } }).error.code];
    };
    const headers = { 'content-type': 'application/json' };
    expect(await wrong({ headers, body: 'x'.repeat(9_000_000) })).toEqual([413, 'request_too_large']);
    expect(await wrong({ headers, body: '{' })).toEqual([400, 'invalid_request']);
    expect(await wrong({ headers: { 'content-type': 'text/plain' }, body: '{}' })).toEqual([415, 'invalid_request']);
    expect(await wrong({ headers, body: '{}' }, '/completions')).toEqual([404, 'not_found']);
  });

  test.each(['auto', 'never', 'always'])(
    'a completion without a box gives its text, and says so: %s',
    async (policy) => {
      // The brace that would close the box ends the completion before it.
      const body = {
        model: 'tiny',
        messages: hello as Messages,
        stop: ['}'],
        max_tokens: MAX_TOKENS,
        vauto: { policy },
      };
      const reply = await client.chat.completions.create(body as OpenAI.ChatCompletionCreateParamsNonStreaming);
      expect(reply.choices[0]?.message.content).toMatch(/^\\boxed\{[^}]*$/);
      const { vauto } = reply as unknown as { vauto: Vauto };
      expect(vauto).toMatchObject({ policy, answer_from: 'text', confidence: null, exited: false });
    },
  );
});

async function post(body: unknown): Promise<{ status: number; json: { error: Record<string, string> } }> {
  const reply = await fetch(`${gateway.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: reply.status, json: (await reply.json()) as { error: Record<string, string> } };
}

test('files of the folder that may be read, and images, are taken', async () => {
  const [question] = questions('perception.jsonl', 1);
  writeFileSync(join(scratch, 'ok.mp4'), readFileSync(join(data, 'videos', 'test-perception-000.mp4')));
  const content = [
    { type: 'video_url', video_url: { url: fileUrl('ok.mp4') } },
    { type: 'text', text: 'Which digit is shown at second 2?' },
  ];
  expect((await ask([{ role: 'user', content }] as never)).content).toBe(question?.answer);
  const image = await ask(say([imagePart(png(56, 56)), { type: 'text', text: 'Which colour?' }]) as never);
  expect(image.usage?.prompt_tokens).toBeGreaterThan(10);
});

/** A number of /metrics. */
async function metric(name: string, labels = ''): Promise<number> {
  const text = await (await fetch(gateway.url.replace('/v1', '/metrics'))).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name}${labels}`));
  return Number(line?.split(' ').at(-1));
}

test('clients that go away leave nothing behind', async () => {
  const [question] = mixed;
  const body = JSON.stringify({ model: 'tiny', messages: question?.messages, stream: true, max_tokens: MAX_TOKENS });
  const before = await metric('vauto_requests_total', '{outcome="gone"');
  await Promise.all(
    Array.from({ length: 300 }, (_, index) => sleep(index * 3).then(() => leave(body, (index * 37) % 200))),
  );
  const left = performance.now();
  while ((await metric('vauto_requests', '{state="running"}')) > 0 || (await metric('vauto_upstream_running')) > 0) {
    // How soon is measured in test/bench/gateway; here, that it happens at all.
    expect(performance.now() - left).toBeLessThan(30_000);
    await sleep(20);
  }
  expect(await metric('vauto_requests', '{state="waiting"}')).toBe(0);
  expect(await metric('vauto_requests_total', '{outcome="gone"')).toBeGreaterThan((before || 0) + 10);
  expect((await ask(question?.messages ?? [])).content).toBe(question?.answer);
});

/** Sends a request and closes its connection after so many milliseconds. */
function leave(body: string, afterMs: number): Promise<void> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = httpRequest(`${gateway.url}/chat/completions`, { method: 'POST', headers, agent: false });
    request.on('response', (response) => response.resume());
    request.on('error', () => {});
    request.on('close', () => resolve());
    request.end(body);
    setTimeout(() => request.destroy(), afterMs);
  });
}

test('a model server that dies in the middle is told to the client, and started again', async () => {
  const [question] = mixed;
  const vauto = { policy: 'always', output: 'text' };
  const body = {
    model: 'tiny',
    messages: question?.messages ?? [],
    stream: true as const,
    max_tokens: MAX_TOKENS,
    vauto,
  };
  const untilRefused = async () => {
    for (;;) {
      const stream = await client.chat.completions.create(body as OpenAI.ChatCompletionCreateParamsStreaming);
      for await (const _ of stream) {
        // Read to its end, whichever that is.
      }
    }
  };
  const many = Promise.allSettled(Array.from({ length: 16 }, untilRefused));
  while (!((await metric('vauto_upstream_running')) >= 8)) await sleep(5);
  await execa('pkill', ['-KILL', '-f', 'vllm.entrypoints.openai.api_server.*--served-model-name tiny']);
  const results = await many;
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as OpenAI.APIError] : []));
  expect(failed.length).toBe(16);
  for (const error of failed)
    expect(['no_upstream', 'upstream_error', 'upstream_busy'], String(error)).toContain(error.code);
  for (const status of [503, 200]) {
    for (let wait = 0; (await fetch(gateway.url.replace('/v1', '/health'))).status !== status; wait += 1) {
      expect(wait).toBeLessThan(1200);
      await sleep(100);
    }
  }
  expect((await ask(question?.messages ?? [])).content).toBe(question?.answer);
});

describe('in front of a server that runs already', () => {
  let second: ServedGateway;
  beforeAll(async () => {
    const upstream = /(http:\/\/127\.0\.0\.1:\d+): vllm/.exec(gateway.log())?.[1] ?? '';
    const flags = ['--upstream', upstream, '--upstream', 'http://127.0.0.1:9', '--api-key-env', 'GATEWAY_KEY'];
    const limits = ['--max-running', '1', '--max-waiting', '1', '--remote-media', 'off'];
    second = await startGateway([join(ROOT, 'recipes', 'quickstart.yaml'), ...flags, ...limits], {
      GATEWAY_KEY: 'secret',
    });
  });
  afterAll(async () => {
    await second?.stop();
  });

  test('a key is wanted, everywhere but at /health and /metrics', async () => {
    const get = async (path: string, key?: string) => {
      const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
      return (await fetch(second.url.replace('/v1', path), { headers })).status;
    };
    expect([await get('/v1/models'), await get('/v1/models', 'wrong'), await get('/v1/models', 'secret')]).toEqual([
      401, 401, 200,
    ]);
    expect([await get('/health'), await get('/metrics')]).toEqual([200, 200]);
  });

  test('more than may wait is turned away with 429 and a time to wait', async () => {
    const body = JSON.stringify({ model: 'quickstart', messages: mixed[0]?.messages, vauto: { policy: 'always' } });
    const headers = { 'content-type': 'application/json', authorization: 'Bearer secret' };
    const replies = await Promise.all(
      Array.from({ length: 12 }, () => fetch(`${second.url}/chat/completions`, { method: 'POST', headers, body })),
    );
    const turned = replies.filter(({ status }) => status === 429);
    expect(replies.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(2);
    expect(turned.length).toBeGreaterThan(0);
    for (const reply of turned) expect(reply.headers.get('retry-after')).toBe('1');
  });

  test('fetches nothing when told so', async () => {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer secret' };
    const body = JSON.stringify({ model: 'quickstart', messages: part('https://example.org/x.mp4') });
    const reply = await fetch(`${second.url}/chat/completions`, { method: 'POST', headers, body });
    expect([reply.status, await reply.text()]).toEqual([400, expect.stringContaining('fetches no addresses')]);
  });
});

test('a vLLM that does not come up ends the command, with its reason', async () => {
  const recipe = join(scratch, 'wrong.yaml');
  const text = readFileSync(join(ROOT, 'recipes', 'quickstart.yaml'), 'utf8').replaceAll(
    'tiny/',
    `${join(ROOT, 'recipes', 'tiny')}/`,
  );
  writeFileSync(recipe, text.replace('max_model_len: 512', 'max_model_len: 100000000'));
  const { exitCode, stderr } = await vauto(['serve', recipe, '--port', '0']);
  expect(exitCode, stderr).toBe(3);
  expect(stderr).toMatch(/vLLM did not come up: .*max_model_len/);
});

test('what cannot be served is said at once', async () => {
  const nothing = await vauto(['serve', join(scratch, 'no-such-model'), '--port', '0']);
  expect([nothing.exitCode, nothing.stderr]).toEqual([2, expect.stringContaining('neither a recipe')]);
  const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
  const unknown = await vauto(['serve', recipe, '--run', 'nowhere', '--runs', scratch]);
  expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringContaining('there is no run nowhere')]);
  const wrong = await vauto(['serve', recipe, '--threshold', '2']);
  expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('--threshold is 2')]);
});

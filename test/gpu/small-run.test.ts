import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseCompletion } from '../../orchestrator/answer/index.js';
import { startGateway } from '../fixtures/gateway.js';
import { ROOT, smallRunArgs, vauto } from '../integration/shared-run.js';
import { device } from './device.js';

// `npm run test:gpu`, on a machine with a CUDA device: makes the CUDA environment, runs every stage small, serves with early exit under each
// kind of scheduling, and writes what it saw to docs/results/gpu.json. Without a device everything here is skipped.

const runs = mkdtempSync(join(tmpdir(), 'vauto-gpu-'));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

/** Adds to docs/results/gpu.json. */
function record(found: Record<string, unknown>): void {
  const file = join(ROOT, 'docs', 'results', 'gpu.json');
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const result = { ...known, date: new Date().toISOString().slice(0, 10), device, ...found };
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}

type Message = { role: string; content: unknown };

/** 48 questions of two benchmarks, their videos inside the request. */
function questions(): Message[][] {
  const data = join(ROOT, 'recipes', 'tiny', 'data');
  return ['reasoning', 'perception'].flatMap((name) =>
    readFileSync(join(data, `${name}.jsonl`), 'utf8')
      .trim()
      .split('\n')
      .slice(0, 24)
      .map((line) => {
        const { question, options = [], video } = JSON.parse(line);
        const text = [question, ...options.map((option: string, i: number) => `${'ABCDEFGH'[i]}. ${option}`)].join(
          '\n',
        );
        const url = video && `data:video/mp4;base64,${readFileSync(join(data, video)).toString('base64')}`;
        const content = [...(url ? [{ type: 'video_url', video_url: { url } }] : []), { type: 'text', text }];
        return [{ role: 'user', content }];
      }),
  );
}

/** The answer with early exit, and both answers of the whole completion. */
async function askTwice(url: string, messages: Message[]) {
  const ask = async (vauto: Record<string, unknown>) => {
    const reply = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'tiny', messages, max_tokens: 96, vauto }),
    });
    if (!reply.ok) throw new Error(await reply.text());
    const {
      choices,
      usage,
      vauto: decided,
    } = (await reply.json()) as {
      choices: { message: { content: string } }[];
      usage: { completion_tokens: number };
      vauto: { exited: boolean };
    };
    return { content: choices[0]?.message.content ?? '', usage, vauto: decided };
  };
  const [auto, always] = [await ask({ policy: 'auto' }), await ask({ policy: 'always', output: 'text' })];
  const trace = parseCompletion(
    { text: always.content, logprobs: [], tokenEnds: [], finishReason: 'stop' },
    'answer-twice',
  );
  return { auto, always: { first: trace.first?.text, second: trace.second?.text } };
}

describe.skipIf(device === undefined)('on a CUDA device', () => {
  test('setup makes the environment and doctor finds nothing missing', async () => {
    const setup = await vauto(['setup', '--engine', 'cuda']);
    expect(setup.exitCode, setup.stderr).toBe(0);
    const doctor = await vauto(['doctor', '--json']);
    expect(doctor.exitCode, doctor.stdout).toBe(0);
  });

  test('a small run of every stage passes its parity gate and loses nothing', async () => {
    const { exitCode, stderr } = await vauto(smallRunArgs(runs));
    expect(exitCode, stderr.slice(-4000)).toBe(0);
    const { stdout } = await vauto(['runs', 'show', 'small', '--runs', runs, '--json']);
    const { run, stages, ledger, usage, warnings } = JSON.parse(stdout);
    expect(run.status).toBe('done');
    expect(ledger.lost).toBe(0);
    const seconds = Object.fromEntries(
      stages.map((stage: { name: string; seconds: number }) => [stage.name, stage.seconds]),
    );
    const { live } = JSON.parse(readFileSync(join(runs, 'small', 'sweep', 'sweep.json'), 'utf8'));
    // On a GPU a completion depends on the batch in its last digits: an answer at the very edge of the threshold may differ.
    expect(live.n - live.same).toBeLessThanOrEqual(1);
    record({ seconds, usage, warnings, live });
  });

  test.each([
    // With asynchronous scheduling vLLM plans a step before the tokens of the last one are known.
    ['async scheduling', { async_scheduling: true }],
    ['no async scheduling', { async_scheduling: false }],
    ['CUDA graphs', { enforce_eager: false }],
  ])('vllm serve exits early inside the engine: %s', async (name, args) => {
    const sets = { ...args, enable_chunked_prefill: true };
    const recipe = join(runs, 'serve.yaml');
    const quickstart = readFileSync(join(ROOT, 'recipes', 'quickstart.yaml'), 'utf8');
    const lines = Object.entries(sets).map(([key, value]) => `    ${key}: ${value}`);
    const own = quickstart
      .replace(/^ {4}(enforce_eager|enable_chunked_prefill):.*\n/gm, '')
      .replace('max_model_len: 512\n', `max_model_len: 512\n${lines.join('\n')}\n`)
      .replaceAll('tiny/', `${join(ROOT, 'recipes', 'tiny')}/`);
    writeFileSync(recipe, own);
    const gateway = await startGateway([
      recipe,
      '--name',
      'tiny',
      '--threshold',
      '0.9',
      '--log',
      join(runs, `${name}.log`),
    ]);
    try {
      expect(gateway.log()).toContain('early exit engine');
      const replies = await Promise.all(questions().map((messages) => askTwice(gateway.url, messages)));
      const exits = replies.filter(({ auto }) => auto.vauto.exited).length;
      expect(exits).toBeGreaterThan(8);
      expect(exits).toBeLessThan(replies.length - 8);
      for (const { auto } of replies) if (auto.vauto.exited) expect(auto.usage.completion_tokens).toBeLessThan(12);
      const same = replies.filter(
        ({ auto, always }) => auto.content === (auto.vauto.exited ? always.first : always.second),
      );
      expect(same.length).toBeGreaterThanOrEqual(replies.length - 1);
      record({ [name]: { questions: replies.length, exits, same: same.length } });
    } finally {
      await gateway.stop();
    }
  });
});

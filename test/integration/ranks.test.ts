// Training in two processes that ask over HTTP: the same training as in one, whatever is killed on the way.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { engineTrainingArgs, GROUP, STEPS, vauto } from './shared-run.js';

const runs = process.env.VAUTO_TEST_RUNS ?? mkdtempSync(join(tmpdir(), 'vauto-ranks-'));
const linux = process.platform === 'linux';
const TWO = ['train.processes=2', 'train.paritySamples=0'];
/** In the environment of everything that these runs start. */
const mark = randomUUID();

const start = (run: string, extra: readonly string[]) =>
  vauto(engineTrainingArgs(runs, run, extra), { env: { VAUTO_TEST_MARK: mark } });

async function shown(run: string) {
  const { stdout } = await vauto(['runs', 'show', run, '--runs', runs, '--json']);
  return JSON.parse(stdout);
}

const policyOf = (view: { artifacts: { name: string; sha256: string }[] }) =>
  view.artifacts.find(({ name }) => name === 'policy')?.sha256;

/** Processes that carry the mark: pid and environment. */
function marked(): { pid: number; env: Map<string, string> }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const words = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
        const env = new Map(words.map((word) => [word.split('=', 1)[0] ?? '', word.slice(word.indexOf('=') + 1)]));
        return env.get('VAUTO_TEST_MARK') === mark ? [{ pid: Number(name), env }] : [];
      } catch {
        return [];
      }
    });
}

/** The training's process of this number. */
const rank = (number: number) => marked().find(({ env }) => env.get('RANK') === String(number));

/** Calls `act` when standard error first shows the pattern; resolves with the end of the process. */
async function whenSeen(child: ReturnType<typeof start>, pattern: RegExp, act: () => unknown) {
  let acted: Promise<unknown> | undefined;
  let seen = '';
  child.stderr?.on('data', (piece) => {
    seen += String(piece);
    if (acted === undefined && pattern.test(seen)) acted = Promise.resolve(act());
  });
  const ended = await child;
  await acted;
  expect(acted, seen.slice(-3000)).toBeDefined();
  return ended;
}

test('two processes train as one does', async () => {
  const [one, two] = [await start('by-engine', []), await start('two', TWO)];
  expect([one.exitCode, two.exitCode], two.stderr.slice(-3000)).toEqual([0, 0]);
  const [alone, together] = [await shown('by-engine'), await shown('two')];
  expect(together.training.steps).toHaveLength(STEPS);
  for (const [place, { metrics }] of together.training.steps.entries()) {
    const wanted = alone.training.steps[place].metrics;
    // The same rollouts: their seeds are those of prompt and index. What is left is the order in which floats are added up.
    expect(metrics.reward_mean).toBeCloseTo(wanted.reward_mean, 5);
    expect(metrics.completion_tokens).toBeCloseTo(wanted.completion_tokens, 5);
    expect(Math.abs(metrics.loss - wanted.loss)).toBeLessThan(1e-4);
    expect(Math.abs(metrics.grad_norm - wanted.grad_norm)).toBeLessThan(1e-3);
    expect(metrics.ungraded).toBe(0);
  }
  const { rollouts, lost } = together.ledger.stages.find(({ stage }: { stage: string }) => stage === 'train');
  expect([rollouts, lost]).toEqual([STEPS * GROUP.prompts * GROUP.size, 0]);
  expect(readdirSync(join(runs, 'two', 'train'))).not.toContain('.ranks');
});

test.skipIf(!linux)('a process that is killed is named; nobody without the token is answered', async () => {
  let refused: number[] = [];
  const ended = await whenSeen(start('killed-two', TWO), /train: checkpoint after step 2/, async () => {
    const victim = rank(1);
    const url = victim?.env.get('VAUTO_ASK_URL');
    process.kill(victim?.pid ?? 0, 'SIGSTOP');
    const headers = [{}, { authorization: 'Bearer guess' }];
    const answers = headers.map((header) =>
      fetch(`${url}/ask/reward`, { method: 'POST', headers: header, body: '{}' }),
    );
    refused = (await Promise.all(answers)).map(({ status }) => status);
    process.kill(victim?.pid ?? 0, 'SIGKILL');
  });
  expect(refused).toEqual([401, 401]);
  expect(ended.exitCode, ended.stderr.slice(-3000)).toBe(3);
  expect(ended.stderr).toContain('process 1 of the training ended by SIGKILL');
  expect(ended.stderr).toContain('training continues from the last checkpoint');
  expect(marked()).toEqual([]);
});

test.skipIf(!linux)(
  'vauto killed: its processes are gone within 5 s, and the training ends as it would have',
  async () => {
    const child = start('killed-two', TWO);
    while (rank(1) === undefined) await sleep(100);
    child.kill('SIGKILL');
    await child;
    const killed = Date.now();
    while (marked().length > 0 && Date.now() - killed < 20_000) await sleep(100);
    expect(Date.now() - killed).toBeLessThan(5000);

    const { exitCode, stderr } = await start('killed-two', TWO);
    expect(exitCode, stderr.slice(-3000)).toBe(0);
    const [whole, resumed] = [await shown('two'), await shown('killed-two')];
    expect(policyOf(resumed)).toBe(policyOf(whole));
    const steps = (view: typeof whole) =>
      view.training.steps.map(({ metrics }: { metrics: { loss: number; reward_mean: number } }) => [
        metrics.loss,
        metrics.reward_mean,
      ]);
    expect(steps(resumed)).toEqual(steps(whole));
    expect(resumed.ledger.lost).toBe(0);
    expect(resumed.ledger.rollouts).toBe(whole.ledger.rollouts);
  },
);

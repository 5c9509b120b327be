import { describe, expect, it } from 'vitest';
import { type Collector, collect } from '../../../orchestrator/pipeline/collect.js';
import { rolloutSeed } from '../../../orchestrator/pipeline/key.js';
import type { CollectJob } from '../../../orchestrator/pipeline/stage.js';
import type { Prompt } from '../../../orchestrator/records/index.js';
import type { RolloutEngine } from '../../../orchestrator/rollout/engine.js';
import { load, MINIMAL } from '../recipe/fixture.js';
import { recordedText, replayOf } from '../rollout/recorded.js';
import { prompts as somePrompts, storeWithRun } from '../store/rows.js';

const PROMPTS = somePrompts(5);
const COUNT = 3;
const SEED = 42;
const job: CollectJob = {
  ...{ pass: 'filter', set: 'train', prompts: PROMPTS, count: COUNT },
  sampling: { temperature: 1, topP: 1, topK: 0, maxTokens: 96, stop: [] },
};

const recordings = PROMPTS.flatMap(({ id }) =>
  Array.from({ length: COUNT }, (_, index) => {
    const text = `\\boxed{B}<think>It is red.</think>\\boxed{${index === 0 ? 'A' : 'B'}}`;
    return recordedText({ promptId: id, index, seed: rolloutSeed(SEED, 'filter', id, index) }, text);
  }),
);

/** A collector over recorded completions and a real store; units of two groups. */
async function setUp(change: Partial<Collector> = {}, engine: RolloutEngine = replayOf(recordings)) {
  const { recipe } = await load(`${MINIMAL}seed: ${SEED}\nengine: {unit: 7}\n`);
  const { store, runId } = storeWithRun();
  const stageId = store.startStage(runId, 'filter', 'key').id;
  const updates: [number, number][] = [];
  const asked: string[] = [];
  const watched: RolloutEngine = {
    ...engine,
    generate: (requests, options) => {
      asked.push(requests.map(({ promptId, index }) => `${promptId}/${index}`).join(' '));
      return engine.generate(requests, options);
    },
  };
  const collector: Collector = {
    ...{ recipe, system: undefined, store, stageId },
    verifyMath: () => Promise.reject(new Error('letters need no math-verify')),
    progress: { update: (done, total) => updates.push([done, total]), note: () => {} },
    signal: new AbortController().signal,
    ...{ determinism: 'bitwise', reuse: 'unit' },
    identity: async () => ({ weights: 'w', libraries: {}, settings: {} }),
    engine: async () => watched,
    ...change,
  };
  return { collector, store, runId, stageId, updates, asked };
}

describe('collecting rollouts', () => {
  it('commits whole groups in fixed units, graded and rewarded, in prompt order', async () => {
    const { collector, store, stageId, updates, asked } = await setUp();
    const summary = await collect(collector, job);
    expect(summary).toMatchObject({ rollouts: 15, failures: 0, promptTokens: 150 });
    expect([...store.committedUnits(stageId)]).toEqual(['filter/train/0', 'filter/train/2', 'filter/train/4']);
    expect(asked).toEqual(['p0/0 p0/1 p0/2 p1/0 p1/1 p1/2', 'p2/0 p2/1 p2/2 p3/0 p3/1 p3/2', 'p4/0 p4/1 p4/2']);
    expect([updates[0], updates.at(-1)]).toEqual([
      [1, 15],
      [15, 15],
    ]);
    const rows = [...store.stageRows(stageId)];
    expect(rows.map(({ promptId, rollout }) => `${promptId}/${rollout.index}`)).toEqual(asked.join(' ').split(' '));
    // Gold is A: index 0 thinks its way to it, the others do not.
    expect(rows.slice(0, 2).map(({ correct, trace, reward }) => [correct, trace.first?.text, reward?.total])).toEqual([
      [true, 'B', expect.closeTo(1.1 + 1)],
      [false, 'B', expect.closeTo(1)],
    ]);
    expect(rows[0]?.trace.confidence).toBeCloseTo(Math.exp(-0.5));
    store.close();
  });

  it('tells the engine which media come next, each once', async () => {
    const prompts = PROMPTS.map((prompt, place) => ({
      ...prompt,
      media: [{ kind: 'video' as const, path: `${place}.mp4`, sha256: place < 4 ? `${place}` : '3' }],
    }));
    const told: (string | undefined)[] = [];
    const engine = replayOf(recordings);
    const { collector, store } = await setUp(
      {},
      {
        ...engine,
        generate: (requests, options) => {
          told.push(
            options
              .following?.()
              .map(({ sha256 }) => sha256)
              .join(' '),
          );
          return engine.generate(requests, options);
        },
      },
    );
    await collect(collector, { ...job, prompts });
    expect(told).toEqual(['2 3', '3', '']);
    store.close();
  });

  it('goes on after the units that are committed', async () => {
    const first = await setUp();
    await collect(first.collector, { ...job, prompts: PROMPTS.slice(0, 4) });
    first.asked.length = 0;
    first.updates.length = 0;
    const summary = await collect(first.collector, job);
    expect(first.asked).toEqual(['p4/0 p4/1 p4/2']);
    expect(first.updates[0]).toEqual([13, 15]);
    expect(summary.rollouts).toBe(3);
    expect(await collect(first.collector, job)).toMatchObject({ rollouts: 0, engineSeconds: 0 });
    expect(first.store.ledger(first.runId).rollouts).toBe(15);
    first.store.close();
  });

  it('has committed every unit that was generated when an interruption ends it', async () => {
    const abort = new AbortController();
    const replay = replayOf(recordings);
    // Units are graded while the next is generated: the interruption comes in between.
    const slow = PROMPTS.map((prompt) => ({
      ...prompt,
      options: undefined,
      problemType: 'math' as const,
      answer: 'x+1',
    }));
    const verifyMath: Collector['verifyMath'] = async (items) => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return items.map(() => ({ equal: false, state: 'graded', normalised: null }));
    };
    let calls = 0;
    const engine: RolloutEngine = {
      ...replay,
      generate: (requests, options) => {
        calls += 1;
        if (calls === 2) abort.abort(new Error('interrupted'));
        return replay.generate(requests, options);
      },
    };
    const { collector, store, stageId } = await setUp({ signal: abort.signal, verifyMath }, engine);
    await expect(collect(collector, { ...job, prompts: slow })).rejects.toThrow('interrupted');
    expect([...store.committedUnits(stageId)]).toEqual(['filter/train/0']);
    store.close();
  });

  it('ends with the error of a commit, and generates no further unit after it', async () => {
    const { collector, store, stageId, asked } = await setUp();
    const broken = {
      ...store,
      commitUnit: () => {
        throw new Error('no room');
      },
    };
    await expect(collect({ ...collector, store: broken }, job)).rejects.toThrow('no room');
    expect(asked.length).toBeLessThan(3);
    expect(store.committedUnits(stageId).size).toBe(0);
    store.close();
  });

  it('keeps requests that gave no completion as failures with their reason', async () => {
    const replay = replayOf(recordings);
    const engine: RolloutEngine = {
      ...replay,
      generate: (requests, { onResult, ...rest }) => {
        const [broken, ...fine] = requests;
        if (broken) onResult({ promptId: broken.promptId, index: broken.index, code: 'media', message: 'cut off' });
        return replay.generate(fine, { onResult, ...rest });
      },
    };
    const { collector, store, runId, stageId } = await setUp({}, engine);
    expect(await collect(collector, job)).toMatchObject({ rollouts: 12, failures: 3 });
    expect(store.failures(stageId)[0]).toEqual({
      ...{ set: 'train', promptId: 'p0', index: 0, code: 'media', message: 'cut off' },
    });
    expect(store.ledger(runId)).toMatchObject({ rollouts: 12, failures: 3, stages: [{ lost: 0 }] });
    store.close();
  });

  it('makes no rollout that the store has: a unit whole, or each rollout', async () => {
    const first = await setUp();
    await collect(first.collector, { ...job, prompts: PROMPTS.slice(0, 3) });
    const again = async (determinism: Collector['determinism'], change: Partial<Collector> = {}) => {
      const stageId = first.store.startStage(first.runId, 'filter', 'key', { force: true }).id;
      first.asked.length = 0;
      const summary = await collect({ ...first.collector, determinism, stageId, ...change }, job);
      return { cached: summary.cached, asked: first.asked.join(' ').split(' ').length, stageId };
    };
    // p2 and p3 are one unit, of which the store has only p2.
    const { stageId, ...bitwise } = await again('bitwise');
    expect(bitwise).toEqual({ cached: 6, asked: 9 });
    expect(first.store.ledger(first.runId)).toMatchObject({ rollouts: 15, cached: 6, lost: 0 });
    const rows = [...first.store.stageRows(stageId)];
    expect(rows.map(({ rollout, reward }) => [rollout.text, reward?.total])).toEqual(
      recordings.map(({ text, index }) => [text, index === 0 ? 2.1 : 1]),
    );
    expect(await again('throughput', { reuse: 'request' })).toMatchObject({ cached: 15, asked: 1 });
    expect(await again('bitwise', { reuse: 'none' })).toMatchObject({ cached: 0, asked: 15 });
    const other = { identity: async () => ({ weights: 'other', libraries: {}, settings: {} }) };
    expect(await again('bitwise', other)).toMatchObject({ cached: 0, asked: 15 });
    first.store.close();
  });

  it('generates several units together in throughput, and commits each by itself', async () => {
    const { collector, store, stageId, asked } = await setUp({ determinism: 'throughput' });
    await collect(collector, job);
    expect(asked.map((each) => each.split(' ').length)).toEqual([6, 9]);
    expect([...store.committedUnits(stageId)]).toEqual(['filter/train/0', 'filter/train/2', 'filter/train/4']);
    store.close();
  });

  it('puts prompts about one video together, wherever they stand', async () => {
    const { collector, asked, store } = await setUp();
    const [a, b, c, d, e] = PROMPTS as [Prompt, Prompt, Prompt, Prompt, Prompt];
    await collect(collector, { ...job, prompts: [a, b, c, { ...d, media: a.media }, e] });
    expect(asked[0]).toBe('p0/0 p0/1 p0/2 p3/0 p3/1 p3/2');
    store.close();
  });
});

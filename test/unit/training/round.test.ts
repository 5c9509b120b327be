import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gradeRollouts } from '../../../orchestrator/pipeline/collect.js';
import type { StageContext } from '../../../orchestrator/pipeline/stage.js';
import { PromptIndex, type Rollout } from '../../../orchestrator/records/index.js';
import type { RolloutEngine } from '../../../orchestrator/rollout/engine.js';
import { deriveSeed } from '../../../orchestrator/statistics/index.js';
import { keptRounds } from '../../../orchestrator/training/kept-rounds.js';
import { isFlat, roundMaker, type Slot } from '../../../orchestrator/training/round.js';
import { load, MINIMAL } from '../recipe/fixture.js';
import { recordedText, replayOf } from '../rollout/recorded.js';
import { rowOf, prompts as somePrompts } from '../store/rows.js';

const SEED = 42;
const STEP = 5;
const PROMPTS = somePrompts(6);
/** Gold is A: their rollouts answer alike, so that no reward differs. */
const FLAT = ['p0', 'p2', 'p4'];

function recorded(promptId: string, index: number): Rollout {
  const answer = FLAT.includes(promptId) || index % 2 === 0 ? 'A' : 'B';
  const seed = deriveSeed(SEED, `train/${STEP}`, promptId, index);
  return recordedText({ promptId, index, seed }, `\\boxed{B}<think>It is red.</think>\\boxed{${answer}}`);
}

const replay = replayOf(PROMPTS.flatMap(({ id }) => [0, 1, 2].map((index) => recorded(id, index))));

async function setUp(train = '', engine: RolloutEngine = replay, onGrade: (ids: string) => void = () => {}) {
  const { recipe } = await load(`${MINIMAL}seed: ${SEED}\ntrain: {groupSize: 3${train}}\n`);
  const asked: string[] = [];
  const warnings: string[] = [];
  const verifyMath = () => Promise.reject(new Error('letters need no math-verify'));
  const context: Partial<StageContext> = {
    ...{ recipe, signal: new AbortController().signal, warn: (_, message) => warnings.push(message) },
    grade: (pass, prompts, rollouts) => {
      onGrade(prompts.map(({ id }) => id).join());
      return gradeRollouts({ recipe, verifyMath }, pass, prompts, rollouts);
    },
  };
  const watched: RolloutEngine = {
    ...engine,
    generate: (requests, options) => {
      asked.push([...new Set(requests.map(({ promptId }) => promptId))].join(' '));
      return engine.generate(requests, options);
    },
  };
  const make = roundMaker(context as StageContext, new PromptIndex(PROMPTS));
  return { make: (slots: readonly Slot[]) => make(watched, STEP, STEP - 1, slots), asked, warnings };
}

const groups = (...ids: string[]) => ids.flatMap((promptId) => [0, 1, 2].map((index) => ({ promptId, index })));
const names = (slots: readonly Slot[]) => [...new Set(slots.map(({ promptId }) => promptId))];

describe('a round', () => {
  it('has every rollout that was asked for, graded with its step', async () => {
    const { make, asked } = await setUp();
    const round = await make(groups('p1', 'p0'));
    expect(asked).toEqual(['p1 p0']);
    expect(round).toMatchObject({ step: STEP, weightsStep: STEP - 1, slots: groups('p1', 'p0'), replaced: [] });
    expect(round.rows).toHaveLength(6);
    expect(round.rows.every(({ step, reward }) => step === STEP && reward !== null)).toBe(true);
  });

  it('of a model that chooses whether to think is made to begin half each way, as if a coin had chosen', async () => {
    const begun: unknown[] = [];
    const watched: RolloutEngine = {
      ...replay,
      generate: async (requests) => {
        begun.push(...requests.map(({ index, begin }) => [index, begin]));
      },
    };
    const { recipe } = await load(`${MINIMAL}prompting: {mode: adapt-think}\ntrain: {groupSize: 4}\n`);
    const context: Partial<StageContext> = { recipe, signal: new AbortController().signal };
    const slots = [0, 1, 2, 3].map((index) => ({ promptId: 'p0', index }));
    await roundMaker(context as StageContext, new PromptIndex(PROMPTS))(watched, STEP, STEP - 1, slots);
    const [direct, think] = ['\\boxed', '<think>'].map((text) => ({ text, probability: 0.5 }));
    expect(begun).toEqual([
      [0, direct],
      [1, direct],
      [2, think],
      [3, think],
    ]);
  });

  it('grades a group while others are still generated', async () => {
    const order: string[] = [];
    const noticed: [string, number][] = [];
    const slow: RolloutEngine = {
      ...replay,
      async generate(requests, options) {
        for (const request of requests) {
          await replay.generate([request], options);
          await new Promise((resolve) => setTimeout(resolve, 5));
          order.push(`${request.promptId}/${request.index}`);
        }
      },
    };
    const { make } = await setUp('', slow, (ids) => noticed.push([ids, order.length]));
    await make(groups('p0', 'p1'));
    expect(noticed.map(([ids]) => ids)).toEqual(['p0', 'p1']);
    expect(noticed[0]?.[1]).toBeLessThan(4);
  });

  it('leaves out what the engine could not make, and says so', async () => {
    const broken: RolloutEngine = {
      ...replay,
      generate: (requests, options) =>
        replay.generate(requests, {
          ...options,
          onResult: (result) =>
            options.onResult(
              result.index === 1
                ? { promptId: result.promptId, index: 1, code: 'media', message: 'no such frame' }
                : result,
            ),
        }),
    };
    const { make, warnings } = await setUp('', broken);
    const round = await make(groups('p1'));
    expect(round.rows.map(({ rollout }) => rollout.index)).toEqual([0, 2]);
    expect(round.slots).toHaveLength(3);
    expect(warnings).toEqual(['rollout 1 of p1 in step 5 could not be made: no such frame']);
  });

  it('asks for nothing of a prompt that it does not have', async () => {
    const { make } = await setUp();
    await expect(make(groups('elsewhere'))).rejects.toThrow('elsewhere, which is not a training prompt');
  });
});

describe('dynamic sampling', () => {
  it('keeps groups without difference when it is off', async () => {
    const { make } = await setUp();
    expect(names((await make(groups('p0', 'p1', 'p2'))).slots)).toEqual(['p0', 'p1', 'p2']);
  });

  it('replaces them, in their places, by groups that differ', async () => {
    const { make, asked } = await setUp(', dynamicSampling: 4');
    const round = await make(groups('p0', 'p1', 'p2'));
    expect(names(round.slots)[1]).toBe('p1');
    expect(new Set(names(round.slots))).toEqual(new Set(['p1', 'p3', 'p5']));
    expect(round.asked).toEqual(groups('p0', 'p1', 'p2'));
    expect(asked[0]).toBe('p0 p1 p2');
    expect(new Set(round.rows.map(({ promptId }) => promptId))).toEqual(new Set(['p1', 'p3', 'p5']));
    // Everything generated is there once: in the round, or among what was replaced.
    const all = [...round.rows, ...round.replaced].map(({ promptId, rollout }) => `${promptId}/${rollout.index}`);
    expect(new Set(all).size).toBe(all.length);
    expect(new Set(round.replaced.map(({ promptId }) => promptId))).toContain('p0');
  });

  it('ends after the given number of tries, or when no prompt is left', async () => {
    const one = await setUp(', dynamicSampling: 1');
    await one.make(groups('p0', 'p2', 'p4', 'p1'));
    expect(one.asked).toHaveLength(2);
    const all = await setUp(', dynamicSampling: 16');
    const round = await all.make(groups('p0', 'p2', 'p4', 'p1'));
    // Two stand-ins for three: one group without difference stays.
    expect(names(round.slots).filter((id) => FLAT.includes(id))).toHaveLength(1);
    expect(round.rows).toHaveLength(12);
  });

  it('takes the same stand-ins again', async () => {
    const [first, second] = [await setUp(', dynamicSampling: 4'), await setUp(', dynamicSampling: 4')];
    expect((await first.make(groups('p0', 'p2'))).slots).toEqual((await second.make(groups('p0', 'p2'))).slots);
  });
});

describe('a group without difference', () => {
  const row = (total: number | null) => ({
    ...rowOf('p0', 0),
    reward: total === null ? null : { first: 0, second: 0, format: 0, fallback: 0, total },
  });
  it.each([
    [[], true],
    [[1, 1, 1], true],
    [[1, null, 1], true],
    [[null, null], true],
    [[1, 2], false],
    [[null, 1, 2], false],
  ])('rewards %j: %s', (totals, flat) => {
    expect(isFlat(totals.map(row))).toBe(flat);
  });
});

describe('rounds made ahead', () => {
  it('come back as they were, until a checkpoint has them behind it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vauto-rounds-'));
    const { make } = await setUp();
    const round = await make(groups('p1'));
    const kept = keptRounds(folder);
    await kept.keep(round);
    await kept.keep({ ...round, step: STEP + 2 });
    expect(await keptRounds(folder).find(STEP)).toEqual(round);
    expect(await kept.find(STEP + 1)).toBeUndefined();
    kept.forget(STEP + 1);
    expect(readdirSync(folder)).toEqual([`round-${STEP + 2}.json`]);
  });

  it('half-written, are not there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vauto-rounds-'));
    writeFileSync(join(folder, `round-${STEP}.json.writing`), '{"step":');
    expect(await keptRounds(folder).find(STEP)).toBeUndefined();
  });
});

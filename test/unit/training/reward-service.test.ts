import { describe, expect, it } from 'vitest';
import { gradeRollouts } from '../../../orchestrator/pipeline/collect.js';
import type { StageContext } from '../../../orchestrator/pipeline/stage.js';
import { PromptIndex } from '../../../orchestrator/records/index.js';
import type { EngineRollouts } from '../../../orchestrator/training/engine-rollouts.js';
import { rewardHandler } from '../../../orchestrator/training/reward-service.js';
import { inputs } from '../../../orchestrator/training/stage.js';
import { storedGroups } from '../../../orchestrator/training/stored-groups.js';
import { load, MINIMAL } from '../recipe/fixture.js';
import { prompts, rowOf, storeWithRun } from '../store/rows.js';

const RIGHT = '\\boxed{A}<think>It is red.</think>\\boxed{A}';
const WRONG = '\\boxed{A}<think>It is red.</think>\\boxed{B}';

/** A real store and grader, with a stage that trains. */
async function setUp(train = '', engine?: EngineRollouts) {
  const { recipe } = await load(`${MINIMAL}train: {groupSize: 2${train || ', promptsPerStep: 2'}}\n`);
  const { store, runId } = storeWithRun();
  const verifyMath = () => Promise.reject(new Error('letters need no math-verify'));
  const begin = () => {
    const { id: stageId } = store.startStage(runId, 'train', 'key');
    const context: Partial<StageContext> = {
      ...{ recipe, store, stageId },
      grade: (pass, wanted, rollouts) => gradeRollouts({ recipe, verifyMath }, pass, wanted, rollouts),
    };
    const stored = storedGroups(recipe);
    return {
      stageId,
      stored,
      ask: rewardHandler(context as StageContext, new PromptIndex(prompts(10)), engine, stored),
    };
  };
  return { begin, store, runId };
}

function completions(promptId: string, ...texts: string[]) {
  return texts.map((text, index) => ({ prompt_id: promptId, index, text, token_ids: [1, 2], truncated: false }));
}

describe('rewards of a step', () => {
  it('are one unit of one process', async () => {
    const { begin, store } = await setUp();
    const { ask, stageId } = begin();
    const { rewards } = await ask({ step: 1, completions: completions('p1', RIGHT, WRONG) });
    expect(rewards[0]).toBeGreaterThan(rewards[1] ?? Number.NaN);
    expect(store.committedUnits(stageId)).toEqual(new Set(['step/1']));
  });

  it('are a unit of each of several, once, also when a training is taken up between them', async () => {
    const { begin, store, runId } = await setUp();
    const [first, second] = [
      { step: 1, part: 0, completions: completions('p1', RIGHT, WRONG) },
      { step: 1, part: 2, completions: completions('p2', WRONG, RIGHT) },
    ];
    const before = begin();
    const given = await before.ask(first);
    // Killed here: the second process had not asked yet.
    const after = begin();
    expect(after.stageId).toBe(before.stageId);
    expect(await after.ask(first)).toEqual(given);
    await Promise.all([after.ask(second), after.ask(first)]);
    expect(store.committedUnits(after.stageId)).toEqual(new Set(['step/1/part/0', 'step/1/part/2']));
    expect(store.ledger(runId)).toMatchObject({ rollouts: 4 });
  });

  it('are dealt to the wrong rollouts for the control', async () => {
    const { begin } = await setUp(', promptsPerStep: 2, control: shuffled-rewards');
    const texts = Array.from({ length: 16 }, (_, index) => (index < 8 ? RIGHT : WRONG));
    const { rewards } = await begin().ask({ step: 1, part: 16, completions: completions('p1', ...texts) });
    const high = Math.max(...rewards.map(Number));
    expect(rewards.filter((reward) => reward === high)).toHaveLength(8);
    expect(rewards.slice(0, 8).every((reward) => reward === high)).toBe(false);
  });

  it('are refused for what is not a training prompt', async () => {
    const { begin } = await setUp();
    await expect(begin().ask({ step: 1, completions: completions('elsewhere', RIGHT) })).rejects.toThrow('elsewhere');
  });
});

describe('rollouts above train.storedRollouts', () => {
  const IDS = ['p1', 'p2', 'p3', 'p4'];
  const all = IDS.flatMap((id) => completions(id, RIGHT, WRONG));
  const LIMITED = ', promptsPerStep: 4, storedRollouts: 5';
  type SetUp = Awaited<ReturnType<typeof setUp>>;
  const storedIds = ({ store, runId }: SetUp) =>
    store.rollouts({ run: runId, limit: 100 }).rows.map(({ promptId, rollout }) => `${promptId}/${rollout.index}`);

  it('are stored by whole groups, counted, and rewarded like the others', async () => {
    const [whole, limited] = [await setUp(', promptsPerStep: 4'), await setUp(LIMITED)];
    const [unlimited, ask] = [whole.begin(), limited.begin()];
    expect(await ask.ask({ step: 1, completions: all })).toEqual(await unlimited.ask({ step: 1, completions: all }));
    expect(storedIds(whole)).toHaveLength(8);
    const ids = storedIds(limited);
    expect(ids).toHaveLength(4);
    for (const id of new Set(ids.map((name) => name.slice(0, 2)))) expect(ids).toContain(`${id}/1`);
    expect(ask.stored.numbers(1)).toEqual({ stored_rollouts: 4, made_rollouts: 8 });
    expect(unlimited.stored.numbers(1)).toEqual({});
    expect(limited.store.ledger(limited.runId)).toMatchObject({ rollouts: 4, stages: [{ lost: 0 }] });
  });

  it('are the same after a resume, in the parts of several processes, and others in another step', async () => {
    const [whole, parts] = [await setUp(LIMITED), await setUp(LIMITED)];
    const before = whole.begin();
    for (const step of [1, 2, 3, 4]) await before.ask({ step, completions: all });
    const chosen = storedIds(whole);
    const again = whole.begin();
    for (const step of [1, 2, 3, 4]) await again.ask({ step, completions: all });
    expect(storedIds(whole)).toEqual(chosen);
    expect(again.stored.numbers(4)).toEqual({ stored_rollouts: 4, made_rollouts: 8 });
    expect(new Set([0, 1, 2, 3].map((step) => chosen.slice(4 * step, 4 * step + 4).join())).size).toBeGreaterThan(1);

    // The third process begins in the middle of a group.
    const { ask, stored } = parts.begin();
    for (const step of [1, 2, 3, 4]) {
      for (const [from, to] of [
        [3, 8],
        [0, 3],
      ] as const)
        await ask({ step, part: from, completions: all.slice(from, to) });
      await ask({ step, part: 0, completions: all.slice(0, 3) });
      expect(stored.numbers(step)).toEqual({ stored_rollouts: 4, made_rollouts: 8 });
    }
    expect(storedIds(parts).sort()).toEqual([...chosen].sort());
  });

  it('of the engine are drawn by what stands in the places; replaced ones have what is left', async () => {
    const rowsOf = (...ids: string[]) => ids.flatMap((id) => [rowOf(id, 0), rowOf(id, 1)]);
    const slots = IDS.flatMap((promptId) => [0, 1].map((index) => ({ promptId, index })));
    const round = { step: 1, weightsStep: 0, asked: slots, slots, rows: rowsOf(...IDS), replaced: rowsOf('p7', 'p8') };
    const engine = { round: () => round } as unknown as EngineRollouts;
    for (const [limit, rollouts] of [
      [0, 0],
      [5, 4],
      [8, 8],
      [10, 10],
      [11, 10],
      [12, 12],
    ]) {
      const made = await setUp(`, promptsPerStep: 4, storedRollouts: ${limit}`, engine);
      const { ask, stored } = made.begin();
      await ask({ step: 1, completions: all });
      expect(storedIds(made), `${limit}`).toHaveLength(rollouts ?? -1);
      const numbers = rollouts === 12 ? {} : { stored_rollouts: rollouts, made_rollouts: 12 };
      expect(stored.numbers(1)).toEqual(numbers);
    }
  });

  it('do not change the key', async () => {
    const [plain, limited] = [await load(MINIMAL), await load(`${MINIMAL}train: {storedRollouts: 0}\n`)];
    expect(inputs(limited.recipe)).toEqual(inputs(plain.recipe));
  });
});

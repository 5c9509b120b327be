import { describe, expect, it } from 'vitest';
import { gradeRollouts } from '../../../orchestrator/pipeline/collect.js';
import type { StageContext } from '../../../orchestrator/pipeline/stage.js';
import { rewardHandler } from '../../../orchestrator/training/reward-service.js';
import { load, MINIMAL } from '../recipe/fixture.js';
import { prompts, storeWithRun } from '../store/rows.js';

const RIGHT = '\\boxed{A}<think>It is red.</think>\\boxed{A}';
const WRONG = '\\boxed{A}<think>It is red.</think>\\boxed{B}';

/** A real store and grader, with a stage that trains. */
async function setUp(train = '') {
  const { recipe } = await load(`${MINIMAL}train: {promptsPerStep: 2, groupSize: 2${train}}\n`);
  const { store, runId } = storeWithRun();
  const verifyMath = () => Promise.reject(new Error('letters need no math-verify'));
  const begin = () => {
    const { id: stageId } = store.startStage(runId, 'train', 'key');
    const context: Partial<StageContext> = {
      ...{ recipe, store, stageId },
      grade: (pass, wanted, rollouts) => gradeRollouts({ recipe, verifyMath }, pass, wanted, rollouts),
    };
    return { stageId, ask: rewardHandler(context as StageContext, prompts(10), undefined) };
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
    const { begin } = await setUp(', control: shuffled-rewards');
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

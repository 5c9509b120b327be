import { describe, expect, it } from 'vitest';
import type { StageContext } from '../../../orchestrator/pipeline/stage.js';
import { PromptIndex } from '../../../orchestrator/records/index.js';
import type { InspectItem, RolloutEngine } from '../../../orchestrator/rollout/engine.js';
import { engineRollouts } from '../../../orchestrator/training/engine-rollouts.js';
import { trainParams } from '../../../orchestrator/training/params.js';
import { parityGate } from '../../../orchestrator/training/parity-gate.js';
import { engineSleeps } from '../../../orchestrator/training/sleep.js';
import { inputs } from '../../../orchestrator/training/stage.js';
import { load, MINIMAL, problems } from '../recipe/fixture.js';
import { prompts } from '../store/rows.js';

const ONE = 'cuda:0 NVIDIA H100 80GB HBM3';
const TWO = `${ONE}, cuda:1 NVIDIA H100 80GB HBM3`;
const recipeWith = async (train: string) => (await load(`${MINIMAL}train: {${train}}\n`)).recipe;

describe('whether the engine sleeps', () => {
  it.each([
    ['', 'cpu', false],
    ['', ONE, true],
    ['', TWO, false],
    ['sleep: on', TWO, true],
    ['sleep: off', ONE, false],
    ['ahead: true', ONE, false],
    ['generation: transformers', ONE, false],
    ['enabled: false, sleep: on', 'cpu', false],
  ])('train: {%s} on %s: %s', async (train, device, sleeps) => {
    expect(engineSleeps(await recipeWith(train), device)).toBe(sleeps);
  });

  it('cannot be asked for on a CPU, ahead, or of another engine', async () => {
    const recipe = await recipeWith('sleep: on');
    const error = { code: 'sleep-mode', kind: 'recipe', place: { line: 7, path: 'train.sleep' } };
    expect(() => engineSleeps(recipe, 'cpu')).toThrow(
      expect.objectContaining({ ...error, place: expect.objectContaining(error.place) }),
    );
    const of = (train: string) => problems(`${MINIMAL}train: {${train}}\n`);
    expect(await of('ahead: true, sleep: on')).toEqual([
      '7:29 contradiction: train.sleep is on, but with train.ahead the engine generates while the trainer takes its steps (train.ahead: line 7) | remove train.sleep or train.ahead',
    ]);
    expect((await of('generation: transformers, sleep: on'))[0]).toContain(
      'train.sleep on needs rollouts of the engine',
    );
  });

  it('changes nothing of the key', async () => {
    expect(inputs(await recipeWith('sleep: off'))).toEqual(inputs(await recipeWith('')));
  });
});

/** What engine and trainer are asked, in order. */
async function setUp(sleep: boolean) {
  const recipe = await recipeWith('parityTolerance: 1, paritySamples: 1');
  const log: string[] = [];
  const item: InspectItem = { promptTokenIds: [1], visualGrid: [], media: [], logprobs: [-1], stale: [] };
  const seen = { prompt_token_ids: [1], visual_grid: [], media: [], logprobs: [-1] };
  const rollout = { text: 'x', tokenIds: [5], logprobs: [-1], tokenEnds: [1], finishReason: 'stop' as const };
  const engine: Partial<RolloutEngine> = {
    generate: async (requests, { onResult }) => {
      log.push('generate');
      for (const { promptId, index, seed } of requests)
        onResult({ ...rollout, key: `${promptId}/${index}`, promptId, index, seed, promptTokens: 1, cachedTokens: 0 });
    },
    inspect: async (samples) => {
      log.push('inspect');
      return samples.map(() => item);
    },
    sleep: async () => void log.push('sleep'),
  };
  const call = async () => {
    log.push('trainer');
    return { items: [seen] };
  };
  const context = {
    ...{ recipe, sleep, folder: '/tmp', signal: new AbortController().signal, warn: () => {}, grade: async () => [] },
    progress: { note: () => {}, update: () => {} },
    engine: async (weights: string) => {
      log.push(`weights ${weights}`);
      return engine as RolloutEngine;
    },
    trainer: () => ({ call }),
  } as unknown as StageContext;
  return { context, log };
}

describe('an engine that sleeps', () => {
  it('is asleep when the trainer comes up for the gate', async () => {
    const { context, log } = await setUp(true);
    await parityGate(context, 'base', prompts(1));
    expect(log).toEqual(['weights base', 'generate', 'inspect', 'sleep', 'trainer']);
  });

  it('gets the weights, is checked, generates and sleeps again before the trainer has its answer', async () => {
    const { context, log } = await setUp(true);
    const { handlers } = engineRollouts(context, new PromptIndex(prompts(2)));
    const check = [{ prompt_id: 'p0', token_ids: [5], logprobs: [-1] }];
    for (const step of [0, 1]) {
      await handlers.weights({ step, folder: `weights-${step}`, check: step === 0 ? [] : check });
      await handlers.rollouts({ step: step + 1, rollouts: [{ prompt_id: 'p1', index: 0 }] });
      log.push('trainer');
    }
    const round = (step: number, ...more: string[]) => [
      `weights weights-${step}`,
      ...more,
      'generate',
      'sleep',
      'trainer',
    ];
    expect(log).toEqual([...round(0), ...round(1, 'inspect')]);
    expect(trainParams(context, 'm', 'p')).toMatchObject({ sleep: true });
  });

  it('is one that is told to: without, nobody sleeps', async () => {
    const { context, log } = await setUp(false);
    await parityGate(context, 'base', prompts(1));
    const { handlers } = engineRollouts(context, new PromptIndex(prompts(2)));
    await handlers.weights({ step: 0, folder: 'weights-0', check: [] });
    await handlers.rollouts({ step: 1, rollouts: [{ prompt_id: 'p1', index: 0 }] });
    expect(log).not.toContain('sleep');
    expect(trainParams(context, 'm', 'p')).not.toHaveProperty('sleep');
  });
});

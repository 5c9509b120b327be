import { z } from 'zod';
import type { RewardWeights } from '../../records/index.js';
import type { RunRecord, Store } from '../../store/index.js';

const recipeSchema = z.object({
  evaluate: z.object({ threshold: z.number() }).partial().catch({}),
  reward: z
    .object({
      first: z.number().catch(0.9),
      second: z.number().catch(1.1),
      format: z.number().catch(1),
      fallback: z.number().catch(0.3),
      correctThreshold: z.number().catch(0.7),
    })
    .catch({ first: 0.9, second: 1.1, format: 1, fallback: 0.3, correctThreshold: 0.7 }),
});
const sweepSchema = z.object({ pooled: z.object({ chosen: z.object({ threshold: z.number() }) }) });

const DEFAULT_THRESHOLD = 0.97;

export interface Threshold {
  readonly value: number;
  readonly from: 'sweep' | 'recipe';
}

/** The confidence from which the gate stops: chosen by a sweep that is done, or the recipe's. */
export function thresholdOf(recipe: unknown, swept: unknown): Threshold {
  const chosen = sweepSchema.safeParse(swept).data?.pooled.chosen.threshold;
  if (chosen !== undefined) return { value: chosen, from: 'sweep' };
  return { value: recipeSchema.safeParse(recipe).data?.evaluate.threshold ?? DEFAULT_THRESHOLD, from: 'recipe' };
}

/** The same of a stored run. */
export function thresholdOfRun(
  store: Pick<Store, 'stages'>,
  { id, recipe }: Pick<RunRecord, 'id' | 'recipe'>,
): Threshold {
  const swept = store.stages(id).find(({ name, status }) => name === 'sweep' && status === 'done');
  return thresholdOf(recipe, swept?.result);
}

export function weightsOf(recipe: unknown): RewardWeights {
  return recipeSchema.parse(asRecord(recipe)).reward;
}

function asRecord(recipe: unknown): object {
  return { evaluate: {}, reward: {}, ...(typeof recipe === 'object' ? recipe : {}) };
}

import { z } from 'zod';

/** Parts of a reward, already weighted except `first` and `second`, which are the task rewards R(a). */
export const rewardSchema = z.object({
  first: z.number(),
  second: z.number(),
  /** 0 or 1. */
  format: z.number(),
  /** The bonus that was paid: α or 0. */
  fallback: z.number(),
  /** Bonus for a reply that answers without thinking: δ or 0; only in the mode adapt-think. */
  direct: z.number().optional(),
  /** w1·first + w2·second + λ·format + fallback + direct. */
  total: z.number(),
});
export type Reward = z.infer<typeof rewardSchema>;

/** Weights of the reward (paper, section 3.2): defaults w1 0.9, w2 1.1, λ 1.0, α 0.3, IoU threshold 0.7. */
export interface RewardWeights {
  readonly first: number;
  readonly second: number;
  readonly format: number;
  readonly fallback: number;
  /** IoU from which a grounded answer counts as correct. */
  readonly correctThreshold: number;
}

import type { Recipe } from '../recipe/index.js';
import { deriveSeed, shuffled } from '../statistics/index.js';
import type { RolloutRow } from '../store/index.js';

/** How many of a round's rollouts there were and are stored. */
export interface StoredCount {
  readonly made: number;
  readonly stored: number;
}

/** What of a training's rollouts goes into the store (`train.storedRollouts`). */
export function storedGroups({ train, seed }: Pick<Recipe, 'train' | 'seed'>) {
  const { promptsPerStep, stepsPerRound, groupSize } = train;
  const limit = train.storedRollouts * stepsPerRound;
  const groups = promptsPerStep * stepsPerRound;
  /** By step, then by unit: a question that is asked again counts once. */
  const counts = new Map<number, Map<string, StoredCount>>();

  /** Numbers of the groups of a round that are kept, the same for all of its parts and after a resume. */
  function chosen(step: number): ReadonlySet<number> {
    const order = shuffled(
      Array.from({ length: groups }, (_, number) => number),
      deriveSeed(seed, 'train/stored', step),
    );
    return new Set(order.slice(0, Math.floor(limit / groupSize)));
  }

  return {
    /**
     * The rows that are stored: all, or those of whole groups drawn by the seed. `places`: prompt id of each rollout in
     * the order of the round, whose first has the place `first`.
     */
    pick(step: number, rows: readonly RolloutRow[], places: readonly string[], first: number): readonly RolloutRow[] {
      if (groups * groupSize <= limit) return rows;
      const kept = chosen(step);
      const prompts = new Set(places.filter((_, place) => kept.has(Math.floor((first + place) / groupSize))));
      return rows.filter(({ promptId }) => prompts.has(promptId));
    },

    /** Whole groups, in their order, as many as the limit leaves beside `taken` rollouts. */
    rest(rows: readonly RolloutRow[], taken: number): readonly RolloutRow[] {
      const prompts = [...new Set(rows.map(({ promptId }) => promptId))];
      const kept = new Set(prompts.slice(0, Math.floor(Math.max(0, limit - taken) / groupSize)));
      return rows.filter(({ promptId }) => kept.has(promptId));
    },

    count(step: number, unit: string, count: StoredCount): void {
      counts.set(step, (counts.get(step) ?? new Map()).set(unit, count));
    },

    /** Numbers for the step's record: none when all of its rollouts are stored. */
    numbers(step: number): Readonly<Record<string, number>> {
      const units = [...(counts.get(step)?.values() ?? [])];
      counts.delete(step);
      const sum = (key: keyof StoredCount) => units.reduce((total, unit) => total + unit[key], 0);
      return sum('stored') === sum('made') ? {} : { stored_rollouts: sum('stored'), made_rollouts: sum('made') };
    },
  };
}

export type StoredGroups = ReturnType<typeof storedGroups>;

import * as evaluation from '../evaluation/stage.js';
import * as filter from '../filter/stage.js';
import type { Recipe } from '../recipe/index.js';
import type { Prompts } from '../records/index.js';
import * as sweep from '../sweep/stage.js';
import * as training from '../training/stage.js';
import type { Estimate, StageName } from './stage.js';

/** One line of `vauto plan`. */
export interface PlannedStage extends Estimate {
  readonly stage: StageName;
  /** Why the stage will not run, if so. */
  readonly skipped?: string;
}

const NOTHING: Estimate = { rollouts: 0, tokens: 0, steps: 0 };

/** What a run of the recipe would do, from the recipe and its prompts alone; token counts are upper bounds. */
export function planRun(recipe: Recipe, prompts: ReadonlyMap<string, Prompts>): PlannedStage[] {
  const evaluated = evaluation.estimate(recipe, prompts);
  const off = (enabled: boolean, key: string) => (enabled ? {} : { skipped: `${key} is false` });
  return [
    { stage: 'filter', ...filter.estimate(recipe, prompts), ...off(recipe.filter.enabled, 'filter.enabled') },
    {
      stage: 'evaluate-before',
      ...(recipe.train.enabled ? evaluated : NOTHING),
      ...off(recipe.train.enabled, 'train.enabled'),
    },
    { stage: 'train', ...training.estimate(recipe), ...off(recipe.train.enabled, 'train.enabled') },
    { stage: 'evaluate', ...evaluated },
    { stage: 'sweep', ...sweep.estimate(recipe, prompts) },
    { stage: 'report', ...NOTHING },
  ];
}

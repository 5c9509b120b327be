import type { UserError } from '../errors.js';
import { placedProblem, type Recipe } from '../recipe/index.js';

/**
 * Whether the engine sleeps while the trainer takes its steps (`train.sleep`): they have one GPU between them. `device`:
 * `cpu`, or the visible GPUs as `env.describe` names them. Throws UserError for `on` where vLLM cannot sleep.
 */
export function engineSleeps(recipe: Recipe, device: string): boolean {
  const { enabled, generation, ahead, sleep } = recipe.train;
  if (!enabled || generation !== 'engine' || sleep === 'off') return false;
  const gpus = device.match(/cuda:\d+/g)?.length ?? 0;
  if (gpus === 0 && sleep === 'on') throw onCpu(recipe);
  return sleep === 'on' || (gpus === 1 && !ahead);
}

function onCpu(recipe: Recipe): UserError {
  return placedProblem(recipe, {
    code: 'sleep-mode',
    path: ['train', 'sleep'],
    message: 'train.sleep is on, but there is no GPU: vLLM has no sleep mode on a CPU',
    fix: 'remove train.sleep, or set it to off',
  });
}

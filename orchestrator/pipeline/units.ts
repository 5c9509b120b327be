import { chatMessages } from '../prompting/index.js';
import type { Recipe } from '../recipe/index.js';
import { groupBy, type Prompt } from '../records/index.js';
import type { RolloutRequest } from '../rollout/engine.js';
import { rolloutSeed } from './key.js';
import type { CollectJob } from './stage.js';

/** A fixed batch of whole groups: generated together, committed together, repeated together after a crash. */
export interface Unit {
  readonly name: string;
  readonly prompts: readonly Prompt[];
}

/** Splits a job into units of about `size` requests, whole groups each; prompts about one video stand together. */
export function unitsOf(job: CollectJob, size: number): Unit[] {
  const groups = Math.max(1, Math.floor(size / job.count));
  const prompts = byVideo(job.prompts);
  const wave = job.from === undefined ? '' : `${job.from}+${job.count}/`;
  const units: Unit[] = [];
  for (let start = 0; start < prompts.length; start += groups) {
    units.push({ name: `${job.pass}/${job.set}/${wave}${start}`, prompts: prompts.slice(start, start + groups) });
  }
  return units;
}

/** Prompts in the order in which their video (image; for text, they themselves) comes first. */
function byVideo(prompts: readonly Prompt[]): Prompt[] {
  return [...groupBy(prompts, (prompt) => prompt.media[0]?.sha256 ?? prompt.id).values()].flat();
}

/** The requests of a unit: `job.count` of each prompt, seeds by prompt and place in the group. */
export function requestsOf(recipe: Recipe, system: string | undefined, job: CollectJob, unit: Unit): RolloutRequest[] {
  return unit.prompts.flatMap((prompt) => {
    const messages = chatMessages(prompt, {
      mode: recipe.prompting.mode,
      ...(system === undefined ? {} : { system }),
    });
    return Array.from({ length: job.count }, (_, place) => {
      const index = (job.from ?? 0) + place;
      return {
        promptId: prompt.id,
        index,
        seed: rolloutSeed(recipe.seed, job.pass, prompt.id, index),
        messages,
        media: prompt.media,
        sampling: job.sampling,
        ...(job.exit === undefined ? {} : { exit: job.exit }),
        ...(job.thinkBudget === undefined ? {} : { thinkBudget: job.thinkBudget }),
        ...(job.begin === undefined ? {} : { begin: { text: job.begin, probability: 1 } }),
      };
    });
  });
}

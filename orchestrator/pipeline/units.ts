import { chatMessages, systemMessage } from '../prompting/index.js';
import type { Recipe } from '../recipe/index.js';
import { type Media, type Prompt, type PromptSet, Selection } from '../records/index.js';
import type { RolloutRequest } from '../rollout/engine.js';
import { rolloutSeed } from './key.js';
import type { CollectJob } from './stage.js';

/** A fixed batch of whole groups: generated together, committed together, repeated together after a crash. */
export interface Unit {
  readonly name: string;
  readonly prompts: PromptSet;
}

/** Splits a job into units of about `size` requests, whole groups each; prompts about one video stand together. */
export function unitsOf(job: CollectJob, size: number): Unit[] {
  const groups = Math.max(1, Math.floor(size / job.count));
  const order = byVideo(job.prompts);
  const wave = job.from === undefined ? '' : `${job.from}+${job.count}/`;
  const units: Unit[] = [];
  for (let start = 0; start < order.length; start += groups) {
    const prompts = new Selection(job.prompts, order.subarray(start, start + groups));
    units.push({ name: `${job.pass}/${job.set}/${wave}${start}`, prompts });
  }
  return units;
}

/** Places in the order in which their prompts' video (image; for text, they themselves) comes first. */
function byVideo(prompts: PromptSet): Uint32Array {
  const videos = videosOf(prompts);
  const first = new Map<number, number>();
  for (const [place, video] of videos.entries()) if (!first.has(video)) first.set(video, place);
  const rank = videos.map((video) => first.get(video) as number);
  return Uint32Array.from(videos.keys()).sort((a, b) => (rank[a] as number) - (rank[b] as number) || a - b);
}

const known = new WeakMap<PromptSet, Uint32Array>();

/** By place: the number of the video that a prompt is about. A whole set is looked through once, however many jobs take of it. */
function videosOf(prompts: PromptSet): Uint32Array {
  if (prompts instanceof Selection) {
    const all = videosOf(prompts.of);
    return Uint32Array.from({ length: prompts.length }, (_, place) => all[prompts.places[place] as number] as number);
  }
  const videos = known.get(prompts) ?? numbered(prompts);
  known.set(prompts, videos);
  return videos;
}

function numbered(prompts: PromptSet): Uint32Array {
  const videos = new Uint32Array(prompts.length);
  // Text has no hash, and stands alone.
  const numbers = new Map<string, number>();
  let next = 0;
  let place = 0;
  for (const { media } of prompts) {
    const name = media[0]?.sha256;
    const number = name === undefined ? undefined : numbers.get(name);
    if (number === undefined && name !== undefined) numbers.set(name, next);
    videos[place] = number ?? next;
    if (number === undefined) next += 1;
    place += 1;
  }
  return videos;
}

/** The media of all prompts of the units, each cut once, in order. */
export function mediaOf(units: readonly Unit[]): Media[] {
  const media = units.flatMap(({ prompts }) => Array.from(prompts, (prompt) => prompt.media).flat());
  return [...new Map(media.map((medium) => [`${medium.sha256} ${medium.start} ${medium.end}`, medium])).values()];
}

/** The requests of a unit: `job.count` of each prompt, seeds by prompt and place in the group. */
export function requestsOf(
  recipe: Recipe,
  system: string | undefined,
  job: CollectJob,
  prompts: readonly Prompt[],
): RolloutRequest[] {
  const turn = systemMessage({ mode: recipe.prompting.mode, ...(system === undefined ? {} : { system }) });
  return prompts.flatMap((prompt) => {
    const messages = chatMessages(prompt, turn);
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

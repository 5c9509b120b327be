import type { InspectItem, MediumView } from '../rollout/engine.js';
import { mediaDifference, positionDifference } from './parity-media.js';

/** One sample as `train.logprobs` answers it (the wire's names). */
export interface TrainerItem {
  readonly prompt_token_ids: readonly number[];
  readonly visual_grid: readonly (readonly number[])[];
  readonly media: readonly MediumView[];
  readonly logprobs: readonly number[];
}

export interface ParityReport {
  readonly ok: boolean;
  /** Largest and mean difference between the log-probs of one token, over the samples whose prompts agree. */
  readonly maxGap: number;
  readonly meanGap: number;
  /** The first thing that differs by more than allowed, in words; null when all is well. */
  readonly firstDifference: string | null;
}

/**
 * Whether trainer and engine see the same prompts and give the same tokens the same log-probs (each in nats, within
 * `tolerance`). Training on rollouts of an engine that sees something else would optimise another model, silently.
 */
export function compareParity(
  trainer: readonly TrainerItem[],
  engine: readonly InspectItem[],
  { tolerance }: { readonly tolerance: number },
): ParityReport {
  if (trainer.length !== engine.length) {
    return failed(`the trainer answered for ${trainer.length} samples, the engine for ${engine.length}`);
  }
  const gaps: number[] = [];
  let firstDifference: string | null = null;
  for (const [sample, ours] of trainer.entries()) {
    const theirs = engine[sample] as InspectItem;
    const difference = promptDifference(ours, theirs);
    if (difference === null) gaps.push(...logprobGaps(ours.logprobs, theirs.logprobs));
    const found = difference ?? staleParts(theirs) ?? logprobDifference(ours.logprobs, theirs.logprobs, tolerance);
    firstDifference ??= describe(sample, found);
  }
  const maxGap = gaps.reduce((most, gap) => Math.max(most, gap), 0);
  const meanGap = gaps.length === 0 ? 0 : gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  return { ok: firstDifference === null, maxGap, meanGap, firstDifference };
}

function failed(firstDifference: string): ParityReport {
  return { ok: false, maxGap: 0, meanGap: 0, firstDifference };
}

function describe(sample: number, difference: string | null): string | null {
  return difference === null ? null : `sample ${sample + 1}: ${difference}`;
}

function promptDifference(ours: TrainerItem, theirs: InspectItem): string | null {
  const [grids, engineGrids] = [gridText(ours.visual_grid), gridText(theirs.visualGrid)];
  if (grids !== engineGrids) {
    return `the trainer sees media of ${grids} patches (time×height×width), the engine of ${engineGrids}`;
  }
  const media = mediaDifference(ours.media, theirs.media);
  if (media !== null) return media;
  const [ids, engineIds] = [ours.prompt_token_ids, theirs.promptTokenIds];
  const place = firstUnequal(ids, engineIds);
  if (place === null) return positionDifference(ours.media, theirs.media);
  if (ids.length !== engineIds.length) {
    return `the trainer's prompt has ${ids.length} tokens, the engine's ${engineIds.length}; they part at token ${place}`;
  }
  return `prompt token ${place} is ${ids[place]} for the trainer and ${engineIds[place]} for the engine`;
}

function staleParts({ stale }: InspectItem): string | null {
  // Visual embeddings are behind the projector, kept by the engine for prompts that come again.
  return stale.length === 0 ? null : `the engine has old weights in its ${stale.join(' and its ')}`;
}

function logprobDifference(ours: readonly number[], theirs: readonly number[], tolerance: number): string | null {
  if (ours.length !== theirs.length) {
    return `the trainer scored ${ours.length} completion tokens, the engine ${theirs.length}`;
  }
  // Written so that NaN counts as too far apart.
  const place = logprobGaps(ours, theirs).findIndex((gap) => !(gap <= tolerance));
  if (place === -1) return null;
  const [trainer, engine] = [ours[place] ?? Number.NaN, theirs[place] ?? Number.NaN];
  const gap = Math.abs(trainer - engine);
  return (
    `completion token ${place} has log-prob ${trainer.toFixed(4)} in the trainer and ${engine.toFixed(4)} in the engine, ` +
    `${gap.toFixed(4)} apart where ${tolerance} is allowed (same prompt tokens, media and positions: weights or precision differ)`
  );
}

function logprobGaps(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.slice(0, theirs.length).map((value, index) => Math.abs(value - (theirs[index] ?? Number.NaN)));
}

function firstUnequal(left: readonly number[], right: readonly number[]): number | null {
  const longest = Math.max(left.length, right.length);
  for (let place = 0; place < longest; place += 1) if (left[place] !== right[place]) return place;
  return null;
}

function gridText(grids: readonly (readonly number[])[]): string {
  return grids.length === 0 ? 'no' : grids.map((grid) => grid.join('×')).join(' + ');
}

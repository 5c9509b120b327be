import type { MediumView } from '../rollout/engine.js';

/** The first thing in which the media of one sample differ for trainer and engine, in words; null when nothing does. */
export function mediaDifference(ours: readonly MediumView[], theirs: readonly MediumView[]): string | null {
  if (ours.length !== theirs.length) return `the trainer sees ${ours.length} media, the engine ${theirs.length}`;
  return first(ours, theirs, (own, other, name) => {
    if (own.kind !== other.kind) return `${name} is for the engine of kind ${other.kind}`;
    return secondsDifference(own, other, name) ?? frameDifference(own, other, name);
  });
}

/** The same for the places that the media take among the positions; the prompts have the same tokens. */
export function positionDifference(ours: readonly MediumView[], theirs: readonly MediumView[]): string | null {
  return first(ours, theirs, (own, other, name) => {
    const part = firstUnequal(own.times, other.times);
    if (part !== null) {
      return `moment ${part + 1} of ${name} is at position ${own.times[part]} in the trainer and ${other.times[part]} in the engine`;
    }
    if (own.next === other.next) return null;
    return `behind ${name} the text goes on at position ${own.next} in the trainer and ${other.next} in the engine: other position rules`;
  });
}

function first(
  ours: readonly MediumView[],
  theirs: readonly MediumView[],
  compare: (own: MediumView, other: MediumView, name: string) => string | null,
): string | null {
  const counts = { image: 0, video: 0 };
  for (const [place, own] of ours.entries()) {
    counts[own.kind] += 1;
    const found = compare(own, theirs[place] as MediumView, `${own.kind} ${counts[own.kind]}`);
    if (found !== null) return found;
  }
  return null;
}

function secondsDifference(own: MediumView, other: MediumView, name: string): string | null {
  const [ours, theirs] = [own.seconds, other.seconds];
  if (ours === theirs) return null;
  if (ours === null || theirs === null) {
    const [lacking, having] = ours === null ? ['trainer', 'engine'] : ['engine', 'trainer'];
    return `the ${lacking} is not told the seconds between the frames of ${name} (second_per_grid_ts), the ${having} is: ${ours ?? theirs}`;
  }
  // One of them may keep it with fewer digits.
  if (Math.abs(ours - theirs) <= 1e-2 * Math.abs(ours)) return null;
  return `${name} has ${ours} s a temporal patch (second_per_grid_ts) in the trainer and ${theirs} s in the engine`;
}

function frameDifference(own: MediumView, other: MediumView, name: string): string | null {
  // Pixels that one side keeps too coarsely to tell.
  if (own.frames.length === 0 || other.frames.length === 0) return null;
  const places = own.frames.flatMap((frame, place) => (frame === other.frames[place] ? [] : [place + 1]));
  if (places.length === 0 && own.frames.length === other.frames.length) return null;
  if (own.kind === 'image') return `${name} has other pixels in the trainer than in the engine`;
  const [one, ...more] = places;
  const rest = more.length === 0 ? '' : ` (${places.length} of ${own.frames.length} frames differ)`;
  return `frame ${one} of ${name} has other pixels in the trainer than in the engine${rest}`;
}

/** Where two lists part; null as well where one side has none at all. */
function firstUnequal(left: readonly number[], right: readonly number[]): number | null {
  if (left.length === 0 || right.length === 0) return null;
  const longest = Math.max(left.length, right.length);
  for (let place = 0; place < longest; place += 1) if (left[place] !== right[place]) return place;
  return null;
}

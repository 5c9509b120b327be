import type { TraceDetail } from '../../../api/index.js';

export type RegionName = 'first' | 'think' | 'second';

/** A part of the completion with a name: [from, to) in UTF-16 code units. */
export interface Region {
  readonly name: RegionName;
  readonly from: number;
  readonly to: number;
}

/** Text of one colour: a token, or the part of one that lies in a region. */
export interface Piece {
  readonly from: number;
  readonly text: string;
  /** Null where the engine gave none. */
  readonly probability: number | null;
}

/** Pieces side by side in one region, or in none. */
export interface Part {
  readonly region: RegionName | null;
  readonly pieces: readonly Piece[];
}

const [OPEN, CLOSE] = ['<think>', '</think>'];

/** The boxes' insides, and the think block with its marks, in order; what overlaps one before it is left out. */
export function regionsOf({ text, trace }: Pick<TraceDetail, 'text' | 'trace'>): readonly Region[] {
  const found: Region[] = [];
  const { first, second, think } = trace;
  if (first) found.push({ name: 'first', from: first.charStart, to: first.charEnd });
  if (second) found.push({ name: 'second', from: second.charStart, to: second.charEnd });
  if (think) {
    const open = text.indexOf(OPEN);
    const behind = open < 0 ? -1 : open + OPEN.length;
    const inside = behind >= 0 && text.startsWith(think, behind) ? behind : text.indexOf(think);
    const from = inside === behind ? open : inside;
    const end = inside + think.length;
    if (inside >= 0) found.push({ name: 'think', from, to: text.startsWith(CLOSE, end) ? end + CLOSE.length : end });
  }
  found.sort((one, other) => one.from - other.from);
  return found.filter((region, index) => region.from >= Math.max(0, ...found.slice(0, index).map(({ to }) => to)));
}

/** The tokens [first, last) cut at the ends of the regions. */
export function partsOf(detail: TraceDetail, first: number, last: number): readonly Part[] {
  const regions = regionsOf(detail);
  const parts: { region: RegionName | null; pieces: Piece[] }[] = [];
  let index = 0;
  let open: Region | null | undefined;
  const put = (piece: Piece, region: Region | null) => {
    const part = parts.at(-1);
    if (part && region === open) part.pieces.push(piece);
    else parts.push({ region: region?.name ?? null, pieces: [piece] });
    open = region;
  };
  for (let token = first; token < last; token += 1) {
    let from = detail.tokenEnds[token - 1] ?? 0;
    const end = detail.tokenEnds[token] ?? from;
    const logprob = detail.logprobs[token];
    const probability = logprob === undefined ? null : Math.exp(logprob);
    for (;;) {
      let region = regions[index];
      while (region && region.to <= from) {
        // An empty box has no text to mark, and is marked all the same.
        if (region.from === region.to && region.from === from) put({ from, text: '', probability: null }, region);
        index += 1;
        region = regions[index];
      }
      if (from >= end) break;
      const inside = region && region.from <= from ? region : null;
      const cut = Math.min(end, inside ? inside.to : (region?.from ?? end));
      put({ from, text: detail.text.slice(from, cut), probability }, inside);
      from = cut;
    }
  }
  return parts;
}

/** Least probability of each level, the likeliest first; trace.css colours the levels. */
export const LEVELS = [0.99, 0.9, 0.5, 0.1, 0];

/** Level of a token from 0 (likely) to 4; null where nothing is known. */
export function levelOf(probability: number | null): number | null {
  return probability === null ? null : LEVELS.findIndex((least) => probability >= least);
}

/** "0.9731", and small ones as "3e-7". */
export function probabilityText(probability: number): string {
  return probability >= 0.001 ? probability.toFixed(4) : probability.toExponential(1);
}

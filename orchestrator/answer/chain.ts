import { type FoundBox, findBoxes } from './boxes.js';
import type { Layout } from './layout.js';

/**
 * Where a model that answers once puts its answer: answer-tag, the last `<answer>…</answer>`; box, the last `\boxed{…}`;
 * after-think, all that stands behind the last `</think>`; whole, the whole reply.
 */
export const parserNames = ['answer-tag', 'box', 'after-think', 'whole'] as const;
export type ParserName = (typeof parserNames)[number];

/** Order that suits all published models: what marks an answer best comes first. */
export type ParserChain = readonly ParserName[];

const OPEN = '<answer>';
const CLOSE = '</answer>';

const PARSERS: Readonly<Record<ParserName, (layout: Layout) => FoundBox | null>> = {
  'answer-tag': lastAnswerTag,
  // In front of a think block there is no answer yet.
  box: ({ text, tailStart }) => findBoxes(text, tailStart ?? 0).at(-1) ?? null,
  'after-think': ({ text, tailStart }) => (tailStart === null ? null : stretch(text, tailStart, text.length)),
  // A thought that was cut off is no reply.
  whole: ({ text, hasTags, tailStart }) =>
    hasTags && tailStart === null ? null : stretch(text, tailStart ?? 0, text.length),
};

/** What the first parser of the chain finds that finds anything but white space; null when none does. */
export function answerByChain(layout: Layout, chain: ParserChain): FoundBox | null {
  for (const name of chain) {
    const found = PARSERS[name](layout);
    if (found !== null && found.text !== '') return found;
  }
  return null;
}

function lastAnswerTag({ text, tailStart }: Layout): FoundBox | null {
  const close = text.lastIndexOf(CLOSE);
  const open = close < 0 ? -1 : text.lastIndexOf(OPEN, close);
  // An answer inside the thinking is thought about, not given.
  if (open < 0 || open < (tailStart ?? 0)) return null;
  const content = stretch(text, open + OPEN.length, close);
  return { ...content, outerStart: open, outerEnd: close + CLOSE.length };
}

/** The text between two offsets without the white space around it. */
function stretch(text: string, from: number, to: number): FoundBox {
  const raw = text.slice(from, to);
  const start = from + raw.length - raw.trimStart().length;
  const end = Math.max(start, from + raw.trimEnd().length);
  return { text: text.slice(start, end), start, end, outerStart: start, outerEnd: end };
}

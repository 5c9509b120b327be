import type { FoundBox } from './boxes.js';
import type { Layout } from './layout.js';
import type { Mode } from './parse.js';

/**
 * The format reward (paper, section 3.2, read strictly): box, think block, box and nothing else but white space
 * between them. Boxes must not be empty and the think block not blank; braces may nest to any depth; boxes inside the
 * think block are reasoning. cot: think block, box. direct: one box. adapt-think: either of these two.
 */
export function formatOf(layout: Layout, mode: Mode, first: FoundBox | null, second: FoundBox | null): 0 | 1 {
  if (second === null || second.text === '') return 0;
  const { text, think, wellFormed, headEnd, tailStart } = layout;
  const alone = fills(text, second, 0, text.length);
  if (mode === 'direct' || (mode === 'adapt-think' && !layout.hasTags)) return alone ? 1 : 0;
  if (!wellFormed || tailStart === null || think === null) return 0;
  // A think tag that the template opened may be closed at once.
  if (think.trim() === '' && !layout.opened) return 0;
  if (!fills(text, second, tailStart, text.length)) return 0;
  if (mode !== 'answer-twice') return text.slice(0, headEnd).trim() === '' ? 1 : 0;
  return first !== null && first.text !== '' && fills(text, first, 0, headEnd) ? 1 : 0;
}

/** strict: as the paper describes it. reference: what the published code accepts, to compare with published numbers. */
export type FormatRule = 'strict' | 'reference';

const BOX = String.raw`\\boxed\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}`;
const BOX_ALONE = new RegExp(String.raw`^\s*${BOX}\s*$`);
const OPEN = '<think>';
const CLOSE = '</think>';

/**
 * The format reward as the published code computes it (docs/grading.md): boxes may be empty and hold at most one level of
 * inner braces, the think block may be blank, an end token in the text spoils it, each think tag occurs exactly once.
 */
export function referenceFormatOf(text: string, mode: Mode): 0 | 1 {
  if (mode === 'direct' || (mode === 'adapt-think' && !text.includes(OPEN))) return BOX_ALONE.test(text) ? 1 : 0;
  const [open, close] = [text.indexOf(OPEN), text.indexOf(CLOSE)];
  if (open < 0 || close < open || text.lastIndexOf(OPEN) !== open || text.lastIndexOf(CLOSE) !== close) return 0;
  const [head, tail] = [text.slice(0, open), text.slice(close + CLOSE.length)];
  const begins = mode !== 'answer-twice' ? head.trim() === '' : BOX_ALONE.test(head);
  return begins && BOX_ALONE.test(tail) ? 1 : 0;
}

/** Whether the box is all there is between two offsets. */
function fills(text: string, box: FoundBox, from: number, to: number): boolean {
  return text.slice(from, box.outerStart).trim() === '' && text.slice(box.outerEnd, to).trim() === '';
}

import type { FoundBox } from './boxes.js';
import type { Layout } from './layout.js';
import type { Mode } from './parse.js';

/**
 * The format reward (paper, section 3.2, read strictly): box, think block, box and nothing else but white space
 * between them. Boxes must not be empty and the think block not blank; braces may nest to any depth; boxes inside the
 * think block are reasoning. cot: think block, box. direct: one box.
 */
export function formatOf(layout: Layout, mode: Mode, first: FoundBox | null, second: FoundBox | null): 0 | 1 {
  if (second === null || second.text === '') return 0;
  const { text, think, wellFormed, headEnd, tailStart } = layout;
  if (mode === 'direct') return fills(text, second, 0, text.length) ? 1 : 0;
  if (!wellFormed || tailStart === null || think === null || think.trim() === '') return 0;
  if (!fills(text, second, tailStart, text.length)) return 0;
  if (mode === 'cot') return text.slice(0, headEnd).trim() === '' ? 1 : 0;
  return first !== null && first.text !== '' && fills(text, first, 0, headEnd) ? 1 : 0;
}

/** Whether the box is all there is between two offsets. */
function fills(text: string, box: FoundBox, from: number, to: number): boolean {
  return text.slice(from, box.outerStart).trim() === '' && text.slice(box.outerEnd, to).trim() === '';
}

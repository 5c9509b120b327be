import type { Box, Trace } from '../records/index.js';

/** Ends of a box; its text only when it is not what stands there in the completion. */
type PackedBox = readonly [
  charStart: number,
  charEnd: number,
  tokenStart: number,
  tokenEnd: number,
  text?: string | null,
];

/** Format, fallback, truncated; the token counts first, think, second, total; first box, second box, think block. */
type PackedTrace = readonly [
  ...[0 | 1, 0 | 1, 0 | 1],
  ...[number, number, number, number],
  ...[PackedBox | null, PackedBox | null],
  /** `[start, end)` in the completion, or the text when it is not found there. */
  readonly [number, number] | string | null,
];

/** A trace as a JSON array, without the texts that stand in the completion anyway and without the confidence, which has its column. */
export function packTrace(trace: Trace, completion: string): string {
  const { format, tokens, think } = trace;
  const flags = `${format},${Number(trace.fallback)},${Number(trace.truncated)}`;
  const counts = `${tokens.first},${tokens.think},${tokens.second},${tokens.total}`;
  const boxes = `${packBox(trace.first, completion)},${packBox(trace.second, completion)}`;
  // Put together by hand: it is the same text that JSON.stringify makes of an array, in a fraction of the time.
  return `[${flags},${counts},${boxes},${packThink(think, completion)}]`;
}

/** The trace again; `confidence` is the column's. */
export function unpackTrace(json: string, completion: string, confidence: number | null): Trace {
  const packed = JSON.parse(json) as PackedTrace;
  const [format, fallback, truncated, firstTokens, thinkTokens, secondTokens, total, first, second, think] = packed;
  return {
    first: unpackBox(first, completion),
    second: unpackBox(second, completion),
    think: typeof think === 'string' || think === null ? think : completion.slice(...think),
    ...{ format, fallback: fallback === 1, truncated: truncated === 1, confidence },
    tokens: { first: firstTokens, think: thinkTokens, second: secondTokens, total },
  };
}

function packBox(box: Box | null, completion: string): string {
  if (box === null) return 'null';
  const { text, charStart, charEnd, tokenStart, tokenEnd } = box;
  const ends = `${charStart},${charEnd},${tokenStart},${tokenEnd}`;
  const isThere = text.length === charEnd - charStart && completion.startsWith(text, charStart);
  return isThere ? `[${ends}]` : `[${ends},${JSON.stringify(text)}]`;
}

function unpackBox(box: PackedBox | null, completion: string): Box | null {
  if (box === null) return null;
  const [charStart, charEnd, tokenStart, tokenEnd, text] = box;
  return { text: text ?? completion.slice(charStart, charEnd), charStart, charEnd, tokenStart, tokenEnd };
}

function packThink(think: string | null, completion: string): string {
  if (think === null) return 'null';
  const start = completion.indexOf(think);
  return start < 0 ? JSON.stringify(think) : `[${start},${start + think.length}]`;
}

import { type Box, isFallback, type Rollout, type Trace } from '../records/index.js';

export type Mode = 'answer-twice' | 'cot' | 'direct';
type Completion = Pick<Rollout, 'text' | 'logprobs' | 'tokenEnds' | 'finishReason'>;

interface Found {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly outerStart: number;
  readonly outerEnd: number;
}

export function parseCompletion(rollout: Completion, mode: Mode): Trace {
  const text = rollout.text.replace(/(<\|im_end\|>|<\|endoftext\|>|\s)+$/, '');
  const open = text.indexOf('<think>');
  const close = text.lastIndexOf('</think>');
  const closed = open >= 0 && close > open;
  const truncated = rollout.finishReason === 'length';
  const head = text.slice(0, open >= 0 ? open : text.length);
  const firstBoxes = mode === 'answer-twice' ? boxesIn(head, 0) : [];
  const tailStart = mode === 'direct' ? 0 : close >= 0 ? close + 8 : text.length;
  const secondBoxes = boxesIn(text.slice(tailStart), tailStart);
  const first = only(firstBoxes);
  const second = mode === 'direct' ? last(secondBoxes) : only(secondBoxes);
  const think = closed ? text.slice(open + 7, close) : null;
  const firstBox = first && toBox(first, rollout.tokenEnds);
  const secondBox = second && toBox(second, rollout.tokenEnds);
  const fallback = first !== null && isFallback(first.text);
  const total = rollout.tokenEnds.length;
  const firstTokens = first ? tokensUpTo(rollout.tokenEnds, first.outerEnd) : 0;
  const thinkEnd = close >= 0 ? tokensUpTo(rollout.tokenEnds, close + 8) : total;
  return {
    first: firstBox,
    second: secondBox,
    think,
    format: formatOf(text, mode, first, second, think),
    fallback,
    truncated,
    confidence: firstBox && !fallback && firstBox.text !== '' ? confidenceOf(firstBox, rollout.logprobs) : null,
    tokens: { first: firstTokens, think: Math.max(0, thinkEnd - firstTokens), second: Math.max(0, total - thinkEnd), total },
  };
}

export function confidenceOf(box: Box, logprobs: readonly number[]): number | null {
  const inside = logprobs.slice(box.tokenStart, box.tokenEnd);
  if (inside.length === 0) return null;
  return Math.exp(inside.reduce((sum, value) => sum + value, 0) / inside.length);
}

function formatOf(text: string, mode: Mode, first: Found | null, second: Found | null, think: string | null): 0 | 1 {
  if (second === null || second.text === '') return 0;
  if (mode === 'direct') return text.trim().length === second.outerEnd - second.outerStart ? 1 : 0;
  const thinks = text.split('<think>').length === 2 && text.split('</think>').length === 2;
  if (!thinks || think === null || think.trim() === '') return 0;
  const open = text.indexOf('<think>');
  const close = text.indexOf('</think>');
  const head = text.slice(0, open).trim();
  const tail = text.slice(close + 8).trim();
  if (tail.length !== second.outerEnd - second.outerStart) return 0;
  if (mode === 'cot') return head === '' ? 1 : 0;
  return first !== null && first.text !== '' && head.length === first.outerEnd - first.outerStart ? 1 : 0;
}

function boxesIn(text: string, offset: number): Found[] {
  const found: Found[] = [];
  const opener = /\\boxed\s*\{/g;
  for (let match = opener.exec(text); match !== null; match = opener.exec(text)) {
    const start = match.index + match[0].length;
    const end = closing(text, start);
    if (end === -1) break;
    found.push(unwrap(text, start, end, offset, match.index));
    opener.lastIndex = end + 1;
  }
  return found;
}

function unwrap(text: string, start: number, end: number, offset: number, outer: number): Found {
  let [from, to] = trimmed(text, start, end);
  for (;;) {
    const inner = /^\\boxed\s*\{/.exec(text.slice(from, to));
    if (!inner) break;
    const innerEnd = closing(text, from + inner[0].length);
    if (innerEnd !== to - 1) break;
    [from, to] = trimmed(text, from + inner[0].length, innerEnd);
  }
  return { text: text.slice(from, to), start: from + offset, end: to + offset, outerStart: outer + offset, outerEnd: end + 1 + offset };
}

function trimmed(text: string, start: number, end: number): [number, number] {
  let [from, to] = [start, end];
  while (from < to && /\s/.test(text.charAt(from))) from += 1;
  while (to > from && /\s/.test(text.charAt(to - 1))) to -= 1;
  return [from, to];
}

function closing(text: string, start: number): number {
  let depth = 1;
  for (let i = start; i < text.length; i += 1) {
    const char = text[i];
    if (char === '{') depth += 1;
    else if (char === '}') {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  return -1;
}

function only(boxes: readonly Found[]): Found | null {
  return boxes.length === 1 ? (boxes[0] ?? null) : null;
}

function last(boxes: readonly Found[]): Found | null {
  return boxes.at(-1) ?? null;
}

function toBox(found: Found, ends: readonly number[]): Box {
  const tokenStart = ends.findIndex((end) => end > found.start);
  const tokenEnd = tokensUpTo(ends, found.end);
  return {
    text: found.text,
    charStart: found.start,
    charEnd: found.end,
    tokenStart: tokenStart < 0 ? ends.length : tokenStart,
    tokenEnd: Math.max(tokenEnd, tokenStart < 0 ? ends.length : tokenStart),
  };
}

function tokensUpTo(ends: readonly number[], char: number): number {
  const index = ends.findIndex((end) => end >= char);
  return index < 0 ? ends.length : index + 1;
}

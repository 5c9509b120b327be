import type { Span } from '../records/index.js';
import { withoutDelimiters, withoutWrappers } from './plain-text.js';

export interface ParsedSpan {
  /** Seconds, start first. */
  readonly span: Span;
  /** The text had the later time first. */
  readonly swapped: boolean;
}

/** A time as written: where it stands in the text and its seconds, null when it is none (`12,5`, `1:99`). */
interface Time {
  readonly start: number;
  /** Behind the unit. */
  readonly end: number;
  readonly seconds: number | null;
}

/** "[12.5, 20]" */
const USUAL = /^\[(\d{1,15}(?:\.\d{1,15})?), (\d{1,15}(?:\.\d{1,15})?)\]$/;
const RUN = /\d[\d.,:]*\d|\d/g;
const UNIT = /^\s*(?:(seconds?|secs?|s)|(minutes?|mins?|m))(?![a-z])\.?/i;
/** Between two times: these join them whatever else the text holds. */
const JOINED = /^[\s)\]]*(?:to|until|till|through|[-–—−~～→]+>?)[\s[(]*$/i;
const BETWEEN = /\bbetween\s*[[(]?\s*$/i;
const START = /\b(?:start|begin)\w*(?:\s+time)?\s*(?:at|is|=|:)?\s*$/i;
const END = /^[\s,;]*(?:and\s+)?(?:it\s+)?(?:end|finish|stop)\w*(?:\s+time)?\s*(?:at|is|=|:)?\s*$/i;

/**
 * Reads a time span in seconds; null when there is none or more than one reading. In this order: two times joined by
 * "to", a dash and the like ("between … and …", "start: … end: …" too), the first pair in brackets, a lone pair with a
 * comma. Clock times (`1:23`, `00:01:05`), thousands separators, units in seconds and minutes are understood; a decimal
 * comma, a negative time and a list of three are not. Of several spans the first counts: guessing many must not pay.
 */
export function parseSpan(text: string): ParsedSpan | null {
  // Nearly every answer is this; the general way below reads it the same.
  const usual = USUAL.exec(text);
  if (usual) return pair(Number(usual[1]), Number(usual[2]));
  const plain = plainText(text);
  const times = timesIn(plain);
  const joined = joinedPair(plain, times);
  if (joined !== undefined) return joined;
  const bracket = bracketPair(plain);
  if (bracket !== undefined) return bracket;
  return barePair(plain, times);
}

function plainText(text: string): string {
  return withoutDelimiters(withoutWrappers(text))
    .replace(/\\(?:left|right|,|;|:|!| )|\*\*|`|["“”]/g, ' ')
    .replace(/\s+/g, ' ');
}

function timesIn(text: string): Time[] {
  return [...text.matchAll(RUN)].flatMap((match) => {
    // A digit that belongs to a word ("v2") is no time.
    if (/[\p{L}_]/u.test(text.charAt(match.index - 1))) return [];
    const behind = match.index + match[0].length;
    const unit = UNIT.exec(text.slice(behind, behind + 12));
    const seconds = secondsOf(match[0]);
    const scale = unit?.[2] === undefined ? 1 : 60;
    const negative = /(?:^|[\s[(,;:])[-–−]$/.test(text.slice(Math.max(0, match.index - 2), match.index));
    const end = behind + (unit?.[0].length ?? 0);
    return [{ start: match.index, end, seconds: seconds === null || negative ? null : seconds * scale }];
  });
}

/** Seconds of `12.5`, `1,234.5`, `1:23`, `00:01:05.5`. */
function secondsOf(text: string): number | null {
  const clock = /^(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d(?:\.\d+)?)$/.exec(text);
  if (clock) return Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
  if (/^\d{1,15}(?:\.\d+)?$/.test(text)) return Number(text);
  return /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text) ? Number(text.replaceAll(',', '')) : null;
}

/** The first joined pair; null when it cannot be read, undefined when there is none. */
function joinedPair(text: string, times: readonly Time[]): ParsedSpan | null | undefined {
  const at = times.findIndex((_, index) => isJoined(text, times, index));
  if (at < 0) return undefined;
  // "10 - 20 - 30" has two readings.
  if (isJoined(text, times, at + 1)) return null;
  return pair(times[at]?.seconds ?? null, times[at + 1]?.seconds ?? null);
}

function isJoined(text: string, times: readonly Time[], index: number): boolean {
  const [from, to] = [times[index], times[index + 1]];
  if (!from || !to) return false;
  const gap = text.slice(from.end, to.start);
  if (gap.length > 40) return false;
  const before = text.slice(Math.max(0, from.start - 24), from.start);
  if (JOINED.test(gap)) return true;
  return (BETWEEN.test(before) && /^\s*(?:and|&)\s*$/i.test(gap)) || (START.test(before) && END.test(gap));
}

/** The first innermost brackets that hold a time. */
function bracketPair(text: string): ParsedSpan | null | undefined {
  for (const [, content = ''] of text.matchAll(/[[(]([^[\]()]*)[\])]/g)) {
    if (!/\d/.test(content)) continue;
    // With a space behind the commas that separate, others group digits.
    const parts = content.trim().split(/[,;]\s/.test(content) ? /[,;]\s/ : /[,;]/);
    const [start, end] = parts.map(wholeTime);
    return parts.length === 2 ? pair(start ?? null, end ?? null) : null;
  }
  return undefined;
}

function wholeTime(part: string): number | null {
  const text = part.trim();
  const [time, ...others] = timesIn(text);
  return time && others.length === 0 && time.start === 0 && time.end === text.length ? time.seconds : null;
}

/** `12.5, 20.3` and nothing else that looks like a time. */
function barePair(text: string, times: readonly Time[]): ParsedSpan | null {
  const [from, to, ...others] = times;
  if (!from || others.length > 0) return null;
  if (to) return /^\s*[,;]\s*$/.test(text.slice(from.end, to.start)) ? pair(from.seconds, to.seconds) : null;
  // `12.5,20.3` is one run of digits; with points on both sides of the comma it has one reading.
  const tight = /^(\d+\.\d+),(\d+\.\d+)$/.exec(text.trim());
  return tight ? pair(Number(tight[1]), Number(tight[2])) : null;
}

function pair(a: number | null, b: number | null): ParsedSpan | null {
  if (a === null || b === null) return null;
  return a <= b ? { span: [a, b], swapped: false } : { span: [b, a], swapped: true };
}

/** Length of the overlap over the length of the union, 0 to 1; 0 when both are empty. */
export function temporalIou(a: Span, b: Span): number {
  const overlap = overlapOf(a, b);
  const union = a[1] - a[0] + (b[1] - b[0]) - overlap;
  return union > 0 ? Math.min(1, overlap / union) : 0;
}

/** Length of the overlap over the length of the predicted span (IoP of NExT-GQA); 0 for an empty prediction. */
export function temporalIop(predicted: Span, gold: Span): number {
  const length = predicted[1] - predicted[0];
  return length > 0 ? Math.min(1, overlapOf(predicted, gold) / length) : 0;
}

/** IoU with the best of several gold spans. */
export function bestIou(predicted: Span, golds: readonly Span[]): number {
  return Math.max(0, ...golds.map((gold) => temporalIou(predicted, gold)));
}

/** IoP with the best of several gold spans. */
export function bestIop(predicted: Span, golds: readonly Span[]): number {
  return Math.max(0, ...golds.map((gold) => temporalIop(predicted, gold)));
}

function overlapOf(a: Span, b: Span): number {
  return Math.max(0, Math.min(a[1], b[1]) - Math.max(a[0], b[0]));
}

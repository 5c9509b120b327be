import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TraceDetail } from '../../../../orchestrator/browser/api/index.js';
import { partsOf, regionsOf } from '../../../../orchestrator/browser/ui/pages/trace/tokens.js';

type Range = readonly [from: number, to: number] | null;

function detail(
  text: string,
  tokenEnds: readonly number[],
  { first = null, second = null, think = null }: { first?: Range; second?: Range; think?: string | null } = {},
  logprobs: readonly number[] = tokenEnds.map((_, token) => -token / 100),
): TraceDetail {
  const box = (range: Range) => range && { text: text.slice(...range), charStart: range[0], charEnd: range[1] };
  return { text, tokenEnds, logprobs, trace: { first: box(first), second: box(second), think } } as TraceDetail;
}

/** Texts with pairs of code units, cut anywhere, tokens of no width among them; boxes that mind no token's ends. */
const someDetail = fc.string({ unit: 'binary', maxLength: 30 }).chain((body) => {
  const place = fc.nat({ max: body.length });
  const sorted = (size: object) => fc.array(place, size).map((ends) => ends.sort((one, other) => one - other));
  const range = sorted({ minLength: 2, maxLength: 2 }).map(([from = 0, to = 0]) => [from, to] as const);
  const box = fc.option(range, { nil: null });
  const boxes = {
    first: box,
    second: box,
    think: fc.option(
      range.map((each) => body.slice(...each)),
      { nil: null },
    ),
  };
  return fc
    .tuple(sorted({ maxLength: 12 }), fc.record(boxes), fc.boolean())
    .map(([ends, found, known]) => detail(body, [...ends, body.length], found, known ? undefined : []));
});

const joined = (parts: ReturnType<typeof partsOf>) =>
  parts.flatMap(({ pieces }) => pieces.map(({ text }) => text)).join('');

describe('the parts of a completion', () => {
  test('join to its very text, from whatever token to whatever token', () => {
    fc.assert(
      fc.property(someDetail, fc.nat(13), (trace, cut) => {
        const { text, tokenEnds } = trace;
        const total = tokenEnds.length;
        const split = Math.min(cut, total);
        const [head, tail] = [partsOf(trace, 0, split), partsOf(trace, split, total)];
        expect(joined(partsOf(trace, 0, total))).toBe(text);
        expect(joined(head)).toBe(text.slice(0, split === 0 ? 0 : tokenEnds[split - 1]));
        expect(joined(head) + joined(tail)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  test('hold each region as one part with its whole text, an empty one too', () => {
    fc.assert(
      fc.property(someDetail, (trace) => {
        const marked = partsOf(trace, 0, trace.tokenEnds.length).filter(({ region }) => region !== null);
        const expected = regionsOf(trace).map(({ name, from, to }) => [name, from, trace.text.slice(from, to)]);
        expect(marked.map((part) => [part.region, part.pieces[0]?.from, joined([part])])).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test('give each piece the probability of the token that it lies in', () => {
    fc.assert(
      fc.property(someDetail, (trace) => {
        const pieces = partsOf(trace, 0, trace.tokenEnds.length).flatMap((part) => part.pieces);
        for (const { from, text, probability } of pieces.filter((piece) => piece.text !== '')) {
          const token = trace.tokenEnds.findIndex((end) => end > from);
          expect(from + text.length).toBeLessThanOrEqual(trace.tokenEnds[token] ?? -1);
          expect(probability).toBe(trace.logprobs.length === 0 ? null : Math.exp(trace.logprobs[token] ?? Number.NaN));
        }
      }),
    );
  });

  test('cut a token that straddles a brace, and leave a pair of code units in two tokens whole', () => {
    const trace = detail('{A}\u{1f600}', [2, 4, 5], { first: [1, 2] });
    const texts = partsOf(trace, 0, 3).map(({ region, pieces }) => [region, pieces.map(({ text }) => text)]);
    expect(texts).toEqual([
      [null, ['{']],
      ['first', ['A']],
      [null, ['}\ud83d', '\ude00']],
    ]);
    expect(partsOf(detail('', []), 0, 0)).toEqual([]);
  });

  test('of a megabyte are there at once', () => {
    const text = 'ab\u{1f600}'.repeat(2 ** 18);
    const ends = Array.from({ length: text.length / 2 }, (_, token) => 2 * token + 2);
    const start = performance.now();
    const parts = partsOf(
      detail(text, ends, { first: [3, 10], second: [text.length - 9, text.length] }),
      0,
      ends.length,
    );
    expect(performance.now() - start).toBeLessThan(5000);
    expect(joined(parts)).toBe(text);
    expect(parts.map(({ region }) => region)).toEqual([null, 'first', null, 'second']);
  });
});

describe('the regions', () => {
  const thinkOf = (text: string, think: string) => {
    const region = regionsOf(detail(text, [], { think })).find(({ name }) => name === 'think');
    return region && text.slice(region.from, region.to);
  };

  test('hold the think block with its marks, also when it repeats words of the marks or of the answer', () => {
    expect(thinkOf('{B} <think>so B</think> {B}', 'so B')).toBe('<think>so B</think>');
    expect(thinkOf('<think>think</think>', 'think')).toBe('<think>think</think>');
    expect(thinkOf('{k} <think>k</think>', 'k')).toBe('<think>k</think>');
    expect(thinkOf('<think>cut off', 'cut off')).toBe('<think>cut off');
  });

  test('begin at the beginning where the template has opened the think block', () => {
    expect(thinkOf('so B</think> {B}', 'so B')).toBe('so B</think>');
    expect(thinkOf('so <think> B</think> {B}', 'so <think> B')).toBe('so <think> B</think>');
  });

  test('are none without boxes or where the text lacks the thought, and never overlap', () => {
    expect(regionsOf(detail('plain', []))).toEqual([]);
    expect(thinkOf('plain', 'other')).toBeUndefined();
    fc.assert(
      fc.property(someDetail, (trace) => {
        regionsOf(trace).reduce((end, { from, to }) => {
          expect(from).toBeGreaterThanOrEqual(end);
          return to;
        }, 0);
      }),
    );
  });
});

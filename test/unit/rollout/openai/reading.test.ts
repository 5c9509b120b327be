import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCompletion } from '../../../../orchestrator/answer/index.js';
import { HeadWatcher } from '../../../../orchestrator/rollout/openai/head.js';
import { EventReader } from '../../../../orchestrator/rollout/openai/sse.js';
import { tokenEnds } from '../../../../orchestrator/rollout/openai/token-ends.js';
import { decodeUtf8, incompleteTail, unitsBefore } from '../../../../orchestrator/rollout/openai/utf8.js';

/** The list cut at the given places. */
function cut<T extends { slice(start: number, end?: number): T; length: number }>(
  whole: T,
  cuts: readonly number[],
): T[] {
  const places = [0, ...cuts.map((place) => place % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  return places.slice(1).map((end, index) => whole.slice(places[index] ?? 0, end));
}

describe('where the first answer is decided', () => {
  const endOf = (pieces: readonly string[]) => {
    const watcher = new HeadWatcher();
    for (const piece of pieces) watcher.push(piece);
    return watcher.end;
  };

  test.each([
    ['\\boxed{A}<think>', 9],
    ['\\boxed {A}', 10],
    ['\\boxed{\\frac{1}{2}} and', 19],
    ['\\boxed{a\\}b}', 12],
    ['\\boxed{outer \\boxed{inner}}x', 27],
    ['word {braces} \\boxed{B}.', 23],
    ['no box <think>\\boxed{A}', 14],
    ['\\boxed{open <think>', 19],
    ['\\boxe{A}', undefined],
    ['\\boxed{A', undefined],
    ['', undefined],
  ])('%s', (text, end) => {
    expect(endOf([text])).toBe(end);
    fc.assert(fc.property(fc.array(fc.nat()), (cuts) => endOf(cut(text, cuts)) === end));
  });

  test('up to there the text has the first answer of the whole text', () => {
    const word = fc.constantFrom('\\boxed{', '}', '{', 'A', ' ', '<think>', '</think>', '\\', '\\{', '\\boxed', '<');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 14 }), (words) => {
        const text = words.join('');
        const end = endOf(words);
        const read = (part: string) =>
          parseCompletion({ text: part, logprobs: [], tokenEnds: [], finishReason: 'stop' }, 'answer-twice').first;
        const [whole, head] = [read(text), end === undefined ? null : read(text.slice(0, end))];
        // A second box before the thinking would take the first one back; the engine has stopped by then.
        if (whole !== null && end !== undefined) expect(head?.text).toBe(whole.text);
        // A box inside one that never closes: only the end of the text shows that it never does.
        if (end === undefined && whole !== null)
          expect(text.slice(0, whole.charStart)).toMatch(/\\boxed\s*\{.*\\boxed\s*\{/s);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('server-sent events', () => {
  const text = ': ping\n\ndata: {"a":"é😀"}\r\n\r\nevent: x\ndata:one\ndata: two\n\ndata: [DONE]\n\n';
  const bytes = Buffer.from(text);

  test('are the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (cuts) => {
        const reader = new EventReader();
        const events = cut(Uint8Array.from(bytes), cuts).flatMap((piece) => reader.push(piece));
        expect(events).toEqual(['{"a":"é😀"}', 'one\ntwo', '[DONE]']);
      }),
    );
  });
});

describe('ends of tokens', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', ' ', '\\', '\u0301'), maxLength: 12 });

  test('with their true bytes, cut anywhere: the last token of a character covers it', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 8 }), (given, cuts) => {
        const tokens = cut(Uint8Array.from(Buffer.from(given)), cuts);
        const ends = tokenEnds(tokens, given);
        let position = 0;
        const naive = tokens.map(({ length }) => {
          position += length;
          const read = Buffer.from(given).subarray(0, position);
          return decodeUtf8(read.subarray(0, read.length - incompleteTail(read))).length;
        });
        expect(ends).toEqual(naive);
      }),
    );
  });

  test('special tokens, which the text leaves out, cover nothing; bytes that a server does not tell are found again', () => {
    const bytes = (words: string[]) => words.map((word) => Uint8Array.from(Buffer.from(word)));
    expect(tokenEnds(bytes(['A', '<|im_end|>']), 'A')).toEqual([1, 1]);
    expect(tokenEnds(bytes(['A', '', '', 'B']), 'A€B')).toEqual([1, 1, 2, 3]);
    expect(tokenEnds(bytes(['A', '\ufffd', '\ufffd', 'B']), 'A😀B')).toEqual([1, 1, 3, 4]);
    expect(tokenEnds([], '')).toEqual([]);
  });

  test('complete characters by bytes, as the decoder counts them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const units = unitsBefore(bytes);
        expect(units).toHaveLength(bytes.length + 1);
        expect(units.at(-1)).toBe(decodeUtf8(bytes).length);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  answerOf,
  exitsAt,
  type ParserChain,
  parseCompletion,
  withPrefix,
} from '../../../orchestrator/answer/index.js';
import { costGrowsLinearly } from '../../fixtures/cost.js';
import { casesOf } from '../../fixtures/grading.js';

/** A completion whose tokens are the given pieces, with one log-prob each. */
function completion(pieces: readonly string[], logprobs: readonly number[] = pieces.map(() => -0.1)) {
  let end = 0;
  const tokenEnds = pieces.map((piece) => {
    end += piece.length;
    return end;
  });
  return { text: pieces.join(''), tokenEnds, logprobs: [...logprobs], finishReason: 'stop' as const };
}

const plain = (text: string, finishReason: 'stop' | 'length' = 'stop') => ({
  ...completion([...text]),
  finishReason,
});

describe('extraction (rows 1 to 11)', () => {
  test.each(casesOf('extract'))(
    'row $row: $completion',
    ({ completion, first, second, format, finishReason, prefix }) => {
      const rollout = plain(completion, finishReason);
      const trace = parseCompletion(prefix ? withPrefix(rollout, prefix) : rollout, 'answer-twice');
      expect([trace.first?.text ?? null, trace.second?.text ?? null]).toEqual([first, second]);
      expect(trace.truncated).toBe(finishReason === 'length');
      if (format !== undefined) expect(trace.format).toBe(format);
    },
  );

  test('boxes say where they stand', () => {
    const { text } = plain('\\boxed{ \\boxed{ A } }<think>x</think>\\boxed{B}');
    const trace = parseCompletion(plain(text), 'answer-twice');
    for (const box of [trace.first, trace.second]) expect(text.slice(box?.charStart, box?.charEnd)).toBe(box?.text);
    expect(trace.think).toBe('x');
  });

  test('escaped braces are content', () => {
    const trace = parseCompletion(
      plain('\\boxed{\\{1, 2\\}}<think>x</think>\\boxed{\\left\\{ 1 \\right.}'),
      'answer-twice',
    );
    expect(trace.first?.text).toBe('\\{1, 2\\}');
    expect(trace.second?.text).toBe('\\left\\{ 1 \\right.');
  });

  test('an unclosed box hides no closed one behind it', () => {
    expect(parseCompletion(plain('\\boxed{B \\boxed{A}'), 'answer-twice').first?.text).toBe('A');
  });
});

describe('format (rows 12 to 21)', () => {
  test.each(casesOf('format'))('row $row: $completion', ({ completion, format }) => {
    expect(parseCompletion(plain(completion), 'answer-twice').format).toBe(format);
  });

  test.each(casesOf('format'))('row $row by the rule of the published code', ({ row, completion, format }) => {
    const differs: Readonly<Record<number, 0 | 1>> = { 14: 1, 15: 1, 20: 0, 21: 0 };
    const { format: reference } = parseCompletion(plain(completion), 'answer-twice', { formatRule: 'reference' });
    expect(reference).toBe(differs[row] ?? format);
  });

  test('the published rule costs no more than reading, whatever the braces', () => {
    const braces = (size: number) => `\\boxed{${'{}'.repeat(size)}`;
    const thought = (size: number) => `${braces(size)}<think>x</think>${braces(size)}`;
    expect(
      costGrowsLinearly(
        (size) => parseCompletion(plain(thought(size)), 'answer-twice', { formatRule: 'reference' }),
        25_000,
      ),
    ).toBe(true);
  });

  test.each([
    ['cot', '<think>x</think>\\boxed{A}', 1],
    ['cot', '\\boxed{A}<think>x</think>\\boxed{A}', 0],
    ['cot', '\\boxed{A}', 0],
    ['direct', ' \\boxed{A}\n', 1],
    ['direct', 'It is \\boxed{A}', 0],
    ['direct', '\\boxed{}', 0],
  ] as const)('%s: %s', (mode, text, format) => {
    expect(parseCompletion(plain(text), mode).format).toBe(format);
  });
});

describe('modes', () => {
  test.each([
    ['cot', '<think>x</think>\\boxed{A}', 'A'],
    ['cot', '<think>\\boxed{A}', null],
    ['cot', 'first \\boxed{A}, no, \\boxed{B}', 'B'],
    ['cot', '<think>x</think>\\boxed{A} or \\boxed{B}', null],
    ['direct', '\\boxed{A} then \\boxed{B', 'A'],
    ['direct', 'nothing', null],
  ] as const)('%s: the one answer of %s is its second', (mode, text, answer) => {
    const trace = parseCompletion(plain(text), mode);
    expect(answerOf(trace, mode)?.text ?? null).toBe(answer);
    expect(trace.first).toBeNull();
    expect(trace.confidence).toBeNull();
  });
});

describe('tokens', () => {
  test('a token counts when it holds a character of the content', () => {
    const pieces = ['\\boxed{', ' ', 'A', 'B}', '<think>', 'x', '</think>', '\\boxed{C', '}', ''];
    const trace = parseCompletion(completion(pieces), 'answer-twice');
    expect([trace.first?.tokenStart, trace.first?.tokenEnd]).toEqual([2, 4]);
    expect([trace.second?.tokenStart, trace.second?.tokenEnd]).toEqual([7, 8]);
    expect(trace.tokens).toEqual({ first: 4, think: 3, second: 3, total: 10 });
  });

  test('bytes of one character, spread over tokens, belong to it', () => {
    const rollout = {
      text: '\\boxed{é}<think>x</think>\\boxed{A}',
      // é takes two tokens, of which the last covers it.
      tokenEnds: [7, 7, 8, 9, 16, 17, 25, 34],
      logprobs: [0, -1, -3, 0, 0, 0, 0, 0],
      finishReason: 'stop' as const,
    };
    const trace = parseCompletion(rollout, 'answer-twice');
    expect([trace.first?.tokenStart, trace.first?.tokenEnd]).toEqual([1, 3]);
    expect(trace.confidence).toBeCloseTo(Math.exp(-2), 12);
  });

  test('without token places there is no confidence, and the total is what is known', () => {
    const rollout = { ...plain('\\boxed{A}'), tokenEnds: [], logprobs: [], tokenIds: [1, 2, 3] };
    const trace = parseCompletion(rollout, 'answer-twice');
    expect(trace.confidence).toBeNull();
    expect(trace.tokens).toEqual({ first: 0, think: 0, second: 0, total: 3 });
  });

  test('a trace that was cut off inside its thinking', () => {
    const trace = parseCompletion(
      { ...completion(['\\boxed{A}', '<think>', 'x']), finishReason: 'length' },
      'answer-twice',
    );
    expect(trace.tokens).toEqual({ first: 1, think: 2, second: 0, total: 3 });
    expect(trace.think).toBeNull();
  });
});

describe('confidence and routing (rows 90 to 94)', () => {
  test.each(casesOf('route'))(
    'row $row: $first at $probabilities',
    ({ first, probabilities, threshold, exits, confidence }) => {
      const letters = probabilities.length === [...(first ?? '')].length ? [...(first ?? '')] : [first ?? ''];
      const content = letters.filter((letter) => letter !== '');
      const head = first === null ? [] : ['\\boxed{', ...content, '}'];
      const pieces = [...head, '<think>', 'x', '</think>', '\\boxed{B}'];
      const logprobs = pieces.map((_, index) =>
        head.length > 0 && index >= 1 && index <= content.length ? Math.log(probabilities[index - 1] ?? 1) : -5,
      );
      const trace = parseCompletion(completion(pieces, logprobs), 'answer-twice');
      if (confidence === null) expect(trace.confidence).toBeNull();
      else expect(trace.confidence).toBeCloseTo(confidence, 9);
      expect(exitsAt(trace.confidence, threshold)).toBe(exits);
    },
  );

  test('exactly τ exits, however the number came about', () => {
    for (const tau of [0.5, 0.9, 0.97, 0.98, 0.999]) {
      expect(exitsAt(Math.exp(Math.fround(Math.log(tau))), tau)).toBe(true);
      expect(exitsAt(tau * 0.99999, tau)).toBe(false);
    }
    expect(exitsAt(1, 1)).toBe(true);
    expect(exitsAt(0, 0)).toBe(true);
  });
});

describe('properties', () => {
  const part = fc.constantFrom('\\boxed{', '\\boxed', '{', '}', '<think>', '</think>', 'A', ' ', '\\', '\n', 'é', '😀');
  const text = fc.array(part, { maxLength: 40 }).map((parts) => parts.join(''));

  test('any text gives a trace whose boxes and counts agree with it', () => {
    fc.assert(
      fc.property(text, fc.constantFrom('answer-twice', 'cot', 'direct'), (completionText, mode) => {
        const trace = parseCompletion(plain(completionText), mode);
        for (const box of [trace.first, trace.second]) {
          if (!box) continue;
          expect(completionText.slice(box.charStart, box.charEnd)).toBe(box.text);
          expect(box.text).toBe(box.text.trim());
          expect(box.tokenStart).toBeLessThanOrEqual(box.tokenEnd);
        }
        const { first, think, second, total } = trace.tokens;
        expect(first + think + second).toBe(total);
        expect(Math.min(first, think, second)).toBeGreaterThanOrEqual(0);
        if (trace.format === 1) expect(trace.second).not.toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  test('what is built in the layout is read back', () => {
    const answer = fc.stringMatching(/^[a-z0-9 +=]{1,12}$/).filter((value) => value.trim() !== '');
    fc.assert(
      fc.property(answer, answer, answer, (first, think, second) => {
        const trace = parseCompletion(
          plain(`\\boxed{${first}}<think>${think}</think>\\boxed{${second}}`),
          'answer-twice',
        );
        expect([trace.first?.text, trace.think, trace.second?.text]).toEqual([first.trim(), think, second.trim()]);
        expect(trace.format).toBe(1);
      }),
    );
  });

  test.each(['\\boxed{', '\\boxed{}', '{', '}', '\\boxed ', '<think>', '\\boxed{\\boxed{A}', '\\', '<|im_end|> '])(
    'twice as much of %j costs at most three times the work',
    (piece) => {
      const parse = (count: number) =>
        parseCompletion(
          { text: piece.repeat(count), tokenEnds: [], logprobs: [], finishReason: 'stop' },
          'answer-twice',
        );
      expect(costGrowsLinearly(parse, 20_000)).toBe(true);
    },
  );
});

describe('models that answer once, by a chain of parsers', () => {
  const chain = ['answer-tag', 'box', 'after-think', 'whole'] as const;
  const read = (text: string, parsers: ParserChain = chain, mode: 'cot' | 'direct' = 'cot') =>
    parseCompletion(plain(text), mode, { parsers });

  test.each([
    ['<think>x</think><answer>B</answer>', 'B'],
    ['<think>x</think> <answer> 4.0 to 9.5 </answer>\n', '4.0 to 9.5'],
    ['<think><answer>A</answer>?</think><answer>B</answer>', 'B'],
    ['<think><answer>A</answer>?</think>C', 'C'],
    ['<think>x</think><answer>A</answer><answer>B</answer>', 'B'],
    ['<think>x</think><answer>A', '<answer>A'],
    ['<think>x</think><answer> </answer>\\boxed{B}', 'B'],
    ['<think>x</think>so \\boxed{\\frac{1}{2}}', '\\frac{1}{2}'],
    ['</think>42', '42'],
    ['<think>x</think>\nThe answer is B.\n', 'The answer is B.'],
    ['The answer is B.', 'The answer is B.'],
    ['<think>x</think>', null],
    ['<think>the reply was cut', null],
    ['', null],
  ])('%j holds %j', (text, answer) => {
    const trace = read(text);
    expect([trace.first, trace.second?.text ?? null]).toEqual([null, answer]);
  });

  test.each([
    ['cot', '<think>x</think><answer>B</answer>', 1],
    ['cot', '<think>x</think>B', 1],
    ['cot', 'B', 0],
    ['cot', '<think> </think><answer>B</answer>', 0],
    ['cot', '<think>x</think>so <answer>B</answer>', 0],
    ['direct', '<answer>B</answer>', 1],
    ['direct', 'B', 1],
    ['direct', 'so <answer>B</answer>', 0],
  ] as const)('%s: the format point of %j is %d', (mode, text, format) => {
    expect(read(text, chain, mode).format).toBe(format);
  });

  test('only the parsers that are named are asked, in their order', () => {
    const both = '<think>x</think>\\boxed{A}<answer>B</answer>';
    expect(read(both, ['answer-tag', 'box']).second?.text).toBe('B');
    expect(read(both, ['box', 'answer-tag']).second?.text).toBe('A');
    expect(read('<think>x</think>B', ['answer-tag', 'box']).second).toBeNull();
  });

  test('the places of the answer are those in the completion', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom<ParserChain>(chain, ['after-think'], ['whole']), (text, parsers) => {
        const box = read(text, parsers).second;
        if (box) expect(text.slice(box.charStart, box.charEnd)).toBe(box.text);
      }),
    );
  });

  test('two answers are boxes whatever the chain', () => {
    const trace = parseCompletion(plain('\\boxed{A}<think>x</think><answer>B</answer>'), 'answer-twice', {
      parsers: chain,
    });
    expect([trace.first?.text, trace.second]).toEqual(['A', null]);
  });

  test.each(['<answer>', '</answer>', '<answer></answer>', '</think>', ' '])(
    '%j repeated costs in proportion',
    (piece) => {
      expect(costGrowsLinearly((size) => read(piece.repeat(size)), 20_000)).toBe(true);
    },
  );
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCompletion } from '../../../orchestrator/answer/index.js';

const read = (text: string, thinkOpened = false, formatRule: 'strict' | 'reference' = 'strict') => {
  const tokenEnds = [...text].map((_, place) => place + 1);
  return parseCompletion({ text, logprobs: [], tokenEnds, finishReason: 'stop' }, 'adapt-think', {
    thinkOpened,
    formatRule,
  });
};

describe('a reply that chooses whether to think', () => {
  // think null: it answered at once.
  test.each([
    ['\\boxed{A}', null, 'A', 1],
    [' \\boxed{A}\n<|im_end|>', null, 'A', 1],
    ['<think>x</think>\\boxed{A}', 'x', 'A', 1],
    ['<think>so \\boxed{B}</think>\n\\boxed{A}', 'so \\boxed{B}', 'A', 1],
    ['<think> </think>\\boxed{A}', ' ', 'A', 0],
    ['It is \\boxed{A}', null, 'A', 0],
    ['\\boxed{A} or \\boxed{B}', null, 'B', 0],
    ['\\boxed{A}<think>x</think>\\boxed{B}', 'x', 'B', 0],
    ['\\boxed{A}<think>x</think>', 'x', null, 0],
    ['<think>x</think>\\boxed{A} or \\boxed{B}', 'x', null, 0],
    ['<think>it goes on', 'it goes on', null, 0],
    ['it goes</think>\\boxed{A}', 'it goes', 'A', 0],
    ['\\boxed{}', null, '', 0],
    ['nothing', null, null, 0],
  ])('%j', (text, think, answer, format) => {
    const trace = read(text);
    expect([trace.first, trace.think, trace.second?.text ?? null, trace.format]).toEqual([null, think, answer, format]);
    expect(trace.confidence).toBeNull();
  });

  test.each([
    ['</think>\\boxed{A}', null, 'A', 1],
    ['\n</think>\n\\boxed{A}', null, 'A', 1],
    ['Well.</think>\\boxed{A}', 'Well.', 'A', 1],
    ['Well, it goes on', 'Well, it goes on', null, 0],
    ['<think>x</think>\\boxed{A}', '<think>x', 'A', 0],
    ['\\boxed{A}', '\\boxed{A}', null, 0],
  ])('whose template opens the think tag: %j', (text, think, answer, format) => {
    const trace = read(text, true);
    expect([trace.think, trace.second?.text ?? null, trace.format]).toEqual([think, answer, format]);
  });

  test('the lenient rule takes either layout too', () => {
    const rule = (text: string, opened = false) => read(text, opened, 'reference').format;
    expect([rule('\\boxed{}'), rule('<think></think>\\boxed{A}'), rule('</think>\\boxed{A}', true)]).toEqual([1, 1, 1]);
    expect([rule('\\boxed{A}<think>x</think>\\boxed{A}'), rule('It is \\boxed{A}')]).toEqual([0, 0]);
  });

  test('its tokens are counted whole, those of thinking by themselves', () => {
    expect(read('\\boxed{A}').tokens).toEqual({ first: 0, think: 0, second: 9, total: 9 });
    expect(read('<think>x</think>\\boxed{A}').tokens).toEqual({ first: 0, think: 16, second: 9, total: 25 });
  });

  test('a point for the format goes with one of the two layouts alone', () => {
    const piece = fc.constantFrom('\\boxed{A}', '<think>', '</think>', 'x', ' ');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
        const text = pieces.join('');
        const inside = String.raw`(?:(?!</?think>)[\s\S])*`;
        const thinks = new RegExp(
          String.raw`^\s*<think>${inside}(?!</?think>)\S${inside}</think>\s*\\boxed\{A\}\s*$`,
        ).test(text);
        const layout = thinks || /^\s*\\boxed\{A\}\s*$/.test(text);
        expect(read(text).format).toBe(layout ? 1 : 0);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readChoice } from '../../../orchestrator/grading/choice.js';
import { gradeExact } from '../../../orchestrator/grading/exact-match.js';
import { folded, readable } from '../../../orchestrator/grading/plain-text.js';
import { costGrowsLinearly } from '../../fixtures/cost.js';

const options = ['a dog', 'a cat', 'a bird', 'the letter A'];

describe('readChoice', () => {
  test.each([
    ['$\\text{(B)}$', 'B'],
    ['The final answer is: option B.', 'B'],
    ['"B"', 'B'],
    ['B because A is too big', null],
    ['b', 'B'],
    ['(b) a cat', 'B'],
    ['b. a cat', 'B'],
    // A small letter before other words is a word.
    ['a. cat', null],
    ['b. a dog', null],
    ['b a cat', null],
    ['the letter A', 'D'],
    ['A. the letter A', null],
    ['E', null],
    ['not A', null],
    ['A dog', 'A'],
    ['A man', null],
    ['A-frame tent', null],
    ['C - a bird', 'C'],
    ['C, since it has wings', 'C'],
    ['B is the correct answer', 'B'],
    ['A B', null],
    ['AB', null],
    ['', null],
  ])('%j with options chooses %s', (text, letter) => {
    expect(readChoice(text, options)).toBe(letter);
  });

  test('without options any letter is one and no text is', () => {
    expect(readChoice('K')).toBe('K');
    expect(readChoice('C. 0.8')).toBe('C');
    expect(readChoice('a dog')).toBeNull();
  });

  test('two options with one text: the text chooses neither', () => {
    expect(readChoice('yes', ['yes', 'yes'])).toBeNull();
  });

  test('every usual way of writing a letter is that letter', () => {
    const letter = fc.constantFrom('A', 'B', 'C', 'D');
    const write = fc.constantFrom<(letter: string) => string>(
      (l) => l,
      (l) => `(${l})`,
      (l) => `[${l}]`,
      (l) => `${l}.`,
      (l) => `${l})`,
      (l) => ` ${l.toLowerCase()} `,
      (l) => `\\text{${l}}`,
      (l) => `**${l}**`,
      (l) => `$${l}$`,
      (l) => `Option ${l}`,
      (l) => `Answer: ${l}`,
      (l) => `${l}. ${options[l.charCodeAt(0) - 65]}`,
    );
    fc.assert(
      fc.property(letter, write, (l, form) => {
        expect(readChoice(form(l), options)).toBe(l);
      }),
    );
  });

  test('the short way of reading the usual forms reads them as the long one does', () => {
    // White space in front is enough to go the long way.
    const text = fc.stringMatching(/^[([{]?[A-Fa-f1]{1,2}[)\]}]?[.:]?$/);
    fc.assert(
      fc.property(text, (usual) => {
        expect(readChoice(usual, options)).toBe(readChoice(` ${usual}`, options));
        expect(readable(usual)).toBe(readable(` ${usual}`));
      }),
      { numRuns: 500 },
    );
  });

  test('two letters are never a choice', () => {
    const letter = fc.constantFrom('A', 'B', 'C', 'D');
    const joint = fc.constantFrom(', ', ' or ', ' and ', '/', ' ', ' & ', '; ', ' or maybe ');
    fc.assert(
      fc.property(letter, joint, letter, (a, between, b) => {
        fc.pre(a !== b);
        expect(readChoice(`${a}${between}${b}`, options)).toBeNull();
      }),
    );
  });
});

describe('texts', () => {
  test.each([
    ['yes', 'Yeah', true],
    ['yes', 'Yes!', true],
    ['False', 'no', true],
    ['two leaves', 'the answer is two leaves', true],
    ['two leaves', '\\text{two leaves}.', true],
    ['two leaves', 'three leaves', false],
    ['café', 'CAFÉ', true],
  ])('%s for %s: %s', (gold, answer, correct) => {
    expect(gradeExact({ answer: gold }, answer).correct).toBe(correct);
  });

  test('a choice that cannot be read is unparsed, not another letter', () => {
    expect(gradeExact({ answer: 'B', options }, 'Because of it')).toMatchObject({ state: 'unparsed', value: 0 });
  });

  test('normalising twice changes nothing', () => {
    const part = fc.constantFrom('\\text{', '}', '$', '**', '"', '.', ' ', 'A', 'Ａ', '\\', '。', 'ﬁ', '\\,', '`');
    const text = fc.array(part, { maxLength: 14 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (value) => {
        expect(readable(readable(value))).toBe(readable(value));
        expect(folded(folded(value))).toBe(folded(value));
      }),
      { numRuns: 500 },
    );
  });

  test.each(['\\text{', 'A, ', '$', '. ', ' ', '(', 'the answer is ', '**'])(
    '%j repeated costs in proportion',
    (piece) => {
      expect(costGrowsLinearly((size) => readChoice(piece.repeat(size), options), 10_000)).toBe(true);
    },
  );
});

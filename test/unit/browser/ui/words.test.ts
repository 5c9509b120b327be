import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  accuracyWord,
  intervalText,
  pText,
  tokensWord,
} from '../../../../orchestrator/browser/ui/pages/compare/words.js';

const end = fc.oneof(fc.constantFrom(0, -0, 1e-9, -1e-9), fc.double({ min: -50, max: 50, noNaN: true }));
const estimate = fc
  .tuple(end, end, end)
  .map(([one, other, value]) => ({ value, low: Math.min(one, other), high: Math.max(one, other), n: 9 }));

test('only an interval without 0 says which way a difference goes', () => {
  fc.assert(
    fc.property(estimate, (each) => {
      const words = [accuracyWord(each), tokensWord(each)];
      if (each.low > 0) expect(words).toEqual(['higher', 'more']);
      else if (each.high < 0) expect(words).toEqual(['lower', 'fewer']);
      else expect(words).toEqual(['no difference shown', 'no difference shown']);
    }),
    { numRuns: 1000 },
  );
});

test('without an interval there is too little to tell, however large the difference', () => {
  for (const part of [{ value: null }, { low: null }, { high: null }]) {
    const each = { value: 9, low: 8, high: 10, n: 1, ...part };
    expect([accuracyWord(each), tokensWord(each)]).toEqual(['too little to tell', 'too little to tell']);
  }
});

test('the ends in the text do not contradict the word', () => {
  const text = (low: number | null, high: number | null) => intervalText({ value: 0, low, high, n: 9 }, 100);
  expect(text(-0.004, 0.0214)).toBe('−0.4 to +2.1');
  expect(text(0.0004, 0.02)).toBe('+0.04 to +2.0');
  expect(text(-0.02, -0.00001)).toBe('−2.0 to −0.001');
  expect(text(-0, 0)).toBe('0.0 to 0.0');
  expect(text(null, 0.1)).toBe('–');
  expect([0, 0.00099, 0.001, 0.0324, 1].map(pText)).toEqual(['<0.001', '<0.001', '0.001', '0.032', '1.000']);
});

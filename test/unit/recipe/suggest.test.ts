import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest, suggestion } from '../../../orchestrator/recipe/suggest.js';

const words = fc.string({ maxLength: 8 });

describe('edit distance', () => {
  it('counts insertions, deletions, substitutions and swaps', () => {
    expect(editDistance('steps', 'step')).toBe(1);
    expect(editDistance('tolerence', 'tolerance')).toBe(1);
    expect(editDistance('trian', 'train')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
  });

  it('is symmetric, and 0 for the same word only', () => {
    fc.assert(
      fc.property(
        words,
        words,
        (a, b) => editDistance(a, b) === editDistance(b, a) && (editDistance(a, b) === 0) === (a === b),
      ),
    );
  });
});

describe('nearest', () => {
  it('takes snake_case for camelCase', () => {
    expect(nearest('group_size', ['groupSize', 'steps'])).toBe('groupSize');
  });

  it('offers nothing far away', () => {
    expect(nearest('banana', ['groupSize', 'steps'])).toBeUndefined();
  });

  it('does not list hundreds of names', () => {
    const names = Array.from({ length: 300 }, (_, index) => `name_${index}`);
    expect(suggestion('xyz', names)).toBe('there are 300 names to choose from');
  });
});

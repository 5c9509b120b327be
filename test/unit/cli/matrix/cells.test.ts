import { expect, test } from 'vitest';
import { matrixCells } from '../../../../orchestrator/cli/matrix/cells.js';

test('every combination, the last path varying fastest', () => {
  const cells = matrixCells(['reward.fallback=0,0.3', 'train.control=[none, shuffled-rewards]']);
  expect(cells.map(({ suffix }) => suffix)).toEqual([
    'fallback-0_control-none',
    'fallback-0_control-shuffled-rewards',
    'fallback-0.3_control-none',
    'fallback-0.3_control-shuffled-rewards',
  ]);
  expect(cells[1]).toMatchObject({
    values: { 'reward.fallback': 0, 'train.control': 'shuffled-rewards' },
    sets: ['reward.fallback=0', 'train.control="shuffled-rewards"'],
  });
  expect(matrixCells(['prompting.parsers=[[box], [whole, box]]']).map(({ suffix }) => suffix)).toEqual([
    'parsers--box-',
    'parsers--whole-box-',
  ]);
});

test.each([
  [['reward.fallback'], 'has no values'],
  [['=1,2'], 'has no values'],
  [['reward.fallback='], 'has no values'],
  [['reward.fallback=[1'], 'are no list'],
  [['a.b=1,2', 'a.b=3'], 'twice'],
  [Array.from({ length: 10 }, (_, index) => `a.b${index}=1,2`), 'are more than 1000'],
])('%j', (varied, message) => {
  expect(() => matrixCells(varied)).toThrowError(
    expect.objectContaining({ kind: 'usage', message: expect.stringContaining(message) }),
  );
});

import { expect, test } from 'vitest';
import { checkOver, groupCells, matrixCells } from '../../../../orchestrator/cli/matrix/cells.js';

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
    sets: [
      { text: 'reward.fallback=0', place: { file: '--vary reward.fallback' } },
      { text: 'train.control="shuffled-rewards"' },
    ],
  });
  expect(matrixCells(['prompting.parsers=[[box], [whole, box]]']).map(({ suffix }) => suffix)).toEqual([
    'parsers--box-',
    'parsers--whole-box-',
  ]);
});

const place = { file: 'v.yaml', line: 2, column: 9 };
const variants = ['a', 'b'].map((name) => ({
  name,
  paths: ['reward.fallback'],
  sets: [{ text: `reward.fallback=${name.length}`, place }],
}));

test('every variant with every combination; a group has what differs in the averaged path alone', () => {
  const cells = matrixCells(['seed=7,8', 'train.steps=1,2'], variants);
  expect(cells).toHaveLength(8);
  expect(cells[1]).toMatchObject({
    ...{ variant: 'a', suffix: 'a_seed-7_steps-2', values: { seed: 7, 'train.steps': 2 } },
    sets: [{ text: 'reward.fallback=1', place }, { text: 'seed=7' }, { text: 'train.steps=2' }],
  });
  const items = cells.map((cell) => ({ cell }));
  const groups = groupCells(items, 'seed').map((group) => group.map(({ cell }) => cell.suffix));
  expect(groups).toEqual([
    ['a_seed-7_steps-1', 'a_seed-8_steps-1'],
    ['a_seed-7_steps-2', 'a_seed-8_steps-2'],
    ['b_seed-7_steps-1', 'b_seed-8_steps-1'],
    ['b_seed-7_steps-2', 'b_seed-8_steps-2'],
  ]);
  expect(matrixCells([], variants).map(({ suffix }) => suffix)).toEqual(['a', 'b']);
});

test('what cannot be averaged over, and what is set twice', () => {
  const cells = matrixCells(['seed=7,8'], variants);
  expect(() => checkOver('seed', cells)).not.toThrow();
  expect(() => checkOver('sede', cells)).toThrowError(
    expect.objectContaining({ fix: expect.stringContaining('"seed"') }),
  );
  expect(() => checkOver('seed', matrixCells([], variants))).toThrowError(
    expect.objectContaining({ fix: 'add --vary seed=…' }),
  );
  expect(() => matrixCells(['reward.fallback=0,1'], variants)).toThrowError(/the variant a sets it, too/);
});

test.each([
  [[], 'nothing is varied'],
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

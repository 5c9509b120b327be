import { describe, expect, test } from 'vitest';
import type { ReadSource } from '../../../orchestrator/data/index.js';
import { goldText, siftGold } from '../../../orchestrator/pipeline/check-gold.js';
import type { Prompt } from '../../../orchestrator/records/index.js';
import { promptOf } from '../../fixtures/grading.js';

function sourceOf(prompts: readonly Prompt[]): ReadSource {
  const rows = prompts.map((prompt, index) => ({ prompt, line: index + 1 }));
  return { spec: { source: 'jsonl', path: 'a.jsonl' }, file: 'a.jsonl', rows, rejected: [] };
}

const good: Prompt[] = [
  promptOf('math', '\\frac{1}{2}'),
  promptOf('math', 'no solution'),
  { ...promptOf('exact_match', 'B'), options: ['red', 'blue'] },
  promptOf('exact_match', 'a red ball'),
  { ...promptOf('iou', ''), spans: [[1.5, 4]] },
  { ...promptOf('gqa', 'A'), options: ['red', 'blue'], spans: [[0, 2]] },
];

describe('the answer of a row', () => {
  test.each(good.map((prompt) => [prompt.problemType, goldText(prompt), prompt] as const))(
    '%s %s is right',
    async (_type, _text, prompt) => {
      const source = await siftGold(sourceOf([prompt]));
      expect(source.rejected).toEqual([]);
      expect(source.rows).toHaveLength(1);
    },
  );

  test.each([
    ['braces that do not balance', promptOf('math', '\\frac{1}{2'), 'not found in a box'],
    ['the fallback sentence', promptOf('math', "Let's analyze the problem step by step."), 'graded as unparsed'],
    ['a letter that is no option', { ...promptOf('exact_match', 'E'), options: ['red', 'blue'] }, 'graded as'],
  ])('%s is rejected with its place', async (_name, prompt, reason) => {
    const source = await siftGold(sourceOf([...good, prompt]));
    expect(source.rows).toHaveLength(good.length);
    expect(source.rejected).toMatchObject([{ code: 'bad-answer', file: 'a.jsonl', line: good.length + 1 }]);
    expect(source.rejected[0]?.reason).toContain(reason);
  });
});

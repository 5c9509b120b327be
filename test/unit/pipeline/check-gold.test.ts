import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ReadSource, sifted } from '../../../orchestrator/data/index.js';
import type { MathItem } from '../../../orchestrator/grading/index.js';
import { goldText, siftGold, withAlgebra } from '../../../orchestrator/pipeline/check-gold.js';
import type { Prompt } from '../../../orchestrator/records/index.js';
import { promptOf, realVerifier } from '../../fixtures/grading.js';

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
      const source = await sifted(sourceOf([prompt]), siftGold);
      expect(source.rejected).toEqual([]);
      expect(source.rows).toHaveLength(1);
    },
  );

  test.each([
    ['braces that do not balance', promptOf('math', '\\frac{1}{2'), 'not found in a box'],
    ['the fallback sentence', promptOf('math', "Let's analyze the problem step by step."), 'graded as unparsed'],
    ['a letter that is no option', { ...promptOf('exact_match', 'E'), options: ['red', 'blue'] }, 'graded as'],
  ])('%s is rejected with its place', async (_name, prompt, reason) => {
    const source = await sifted(sourceOf([...good, prompt]), siftGold);
    expect(source.rows).toHaveLength(good.length);
    expect(source.rejected).toMatchObject([{ code: 'bad-answer', file: 'a.jsonl', line: good.length + 1 }]);
    expect(source.rejected[0]?.reason).toContain(reason);
  });
});

describe('gold answers that need algebra', () => {
  const signal = new AbortController().signal;

  test('are read by the real math-verify; those it cannot read are rejected, and good ones asked for once', async () => {
    const golds = ['3', '\\frac{1}{2}', 'no solution', '\\sqrt{2}', 'x^2+1', '5 +', '9^{9^{9^{9}}}', '\\sqrt{2}'];
    const folder = mkdtempSync(join(tmpdir(), 'vauto-gold-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const asked: string[][] = [];
    const verifyMath = (items: MathItem[]) => {
      asked.push(items.map(({ gold }) => gold));
      return realVerifier(items);
    };
    const rows = sourceOf([...golds.map((gold) => promptOf('math', gold)), ...good]);
    const sift = () =>
      withAlgebra({ verifyMath, cache: join(folder, 'golds.json'), signal }, (look) => sifted(rows, look));
    const source = await sift();
    expect(source.rows).toHaveLength(golds.length - 2 + good.length);
    expect(source.rejected.map(({ line, code, reason }) => [line, code, reason])).toEqual([
      [6, 'bad-answer', `the row's own answer "5 +" cannot be read as mathematics`],
      [7, 'bad-answer', `the row's own answer "9^{9^{9^{9}}}" is beyond what is computed as mathematics`],
    ]);
    await sift();
    expect(asked).toEqual([
      ['\\sqrt{2}', 'x^2+1', '5 +', '9^{9^{9^{9}}}'],
      ['5 +', '9^{9^{9^{9}}}'],
    ]);
  });
});

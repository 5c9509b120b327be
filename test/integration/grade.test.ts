// `vauto grade` as a user runs it, on cases that nobody looked at while the rules were written (held-out.jsonl).
import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { ROOT, VAUTO } from './shared-run.js';

interface Answer {
  readonly text: string;
  readonly correct: boolean | null;
  readonly value: number | null;
  readonly state: string;
}
interface Line {
  readonly id: string;
  readonly first: Answer | null;
  readonly second: Answer | null;
  readonly format: 0 | 1;
  readonly reward: { readonly total: number } | null;
}
interface Expected {
  readonly correct?: boolean;
  readonly value?: number;
  readonly first?: string | null;
  readonly second?: string | null;
  readonly format?: 0 | 1;
  readonly total?: number;
}

async function grade(rows: readonly object[], ...flags: string[]) {
  const input = rows.map((row) => JSON.stringify(row)).join('\n');
  const result = await execa('node', [VAUTO, 'grade', '-', ...flags], { cwd: ROOT, input, reject: false });
  const lines = flags.includes('--explain') ? [] : result.stdout.split('\n').filter(Boolean);
  return { ...result, lines: lines.map((line) => JSON.parse(line) as Line) };
}

test('agrees with every case of the held-out list', async () => {
  const text = readFileSync(new URL('../fixtures/held-out.jsonl', import.meta.url), 'utf8');
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; completion: string; expect: Expected });
  const { lines, exitCode, stderr } = await grade(rows);
  expect(exitCode, stderr).toBe(0);
  const wrong = rows.flatMap(({ id, completion, expect: expected }, index) => {
    const line = lines[index];
    return line?.id === id && agrees(line, expected) ? [] : [{ completion, expected, line }];
  });
  expect(wrong).toEqual([]);
  expect(rows.length).toBeGreaterThan(400);
});

/** Cases give the verdict of a lone answer, or all parts of a whole completion. */
function agrees({ first, second, format, reward }: Line, expected: Expected): boolean {
  if (expected.total !== undefined) {
    const texts = [first?.text ?? null, second?.text ?? null];
    const near = Math.abs((reward?.total ?? Number.NaN) - expected.total) < 1e-9;
    return near && format === expected.format && texts.join() === [expected.first, expected.second].join();
  }
  const right = expected.correct === undefined || first?.correct === expected.correct;
  return right && (expected.value === undefined || Math.abs((first?.value ?? Number.NaN) - expected.value) < 1e-9);
}

describe('flags', () => {
  const row = { id: '1', problem_type: 'exact_match', answer: 'B', options: ['A. red', 'B. blue'] };

  test('a chain of parsers for models that answer once', async () => {
    const rows = ['<think>x</think><answer>blue</answer>', '<think>x</think>The answer is B.', '<think>cut'].map(
      (completion) => ({ ...row, completion }),
    );
    const { lines } = await grade(rows, '--mode', 'cot', '--parsers', 'answer-tag,after-think');
    expect(lines.map(({ second, reward }) => [second?.text, second?.correct, reward?.total])).toEqual([
      ['blue', true, 3],
      ['The answer is B.', true, 3],
      [undefined, undefined, 0],
    ]);
  });

  test('the beginning of an answer that the prompt forced is put back', async () => {
    const completion = 'B}<think>x</think>\\boxed{Answer: B}';
    const { lines } = await grade([{ ...row, prefix: '\\boxed{Answer: ', completion }]);
    expect([lines[0]?.first?.text, lines[0]?.reward?.total]).toEqual(['Answer: B', 3]);
  });

  test('--explain says in words what was read and how the reward adds up', async () => {
    const completion = "\\boxed{Let's analyze the problem step by step.}<think>x</think>\\boxed{blue}";
    const { stdout } = await grade([{ ...row, completion }], '--explain');
    expect(stdout).toContain('(the fallback sentence)');
    expect(stdout).toContain('blue: right, read as B');
    expect(stdout).toContain('0.9 × first 0 + 1.1 × second 1 + 1 × format 1 + fallback bonus 0.3 = 2.400');
  });

  test.each([
    [['--parsers', 'box,tag', '--mode', 'cot'], '--parsers: allowed: answer-tag, box, after-think, whole'],
    [['--parsers', 'whole'], '--parsers: in the mode answer-twice both answers are boxes'],
    [['--threshold', '2'], '--threshold: at most 1'],
    [['--mode', 'twice'], '--mode'],
  ])('%j is refused with its name', async (flags, message) => {
    const { exitCode, stderr, stdout } = await grade([{ ...row, completion: '' }], ...flags);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  test('a row that cannot be read stops with its line; the rows before it are out', async () => {
    const rows = [
      { ...row, completion: '\\boxed{B}' },
      { ...row, problem_type: 'essay', completion: '' },
    ];
    const { exitCode, stderr, lines } = await grade(rows);
    expect([exitCode, lines.map(({ first }) => first?.correct)]).toEqual([2, [true]]);
    expect(stderr).toMatch(/:2\b.*problem_type/s);
  });
});

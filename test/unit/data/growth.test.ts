// What reading costs as manifests grow: memory that does not grow with the rows, work that grows with them and no faster.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compiledParts, runNode } from '../store/child.js';
import { folderWith } from './fixture.js';

const compiled = compiledParts(['errors.ts', 'records', 'data', 'answer', 'grading', 'store', 'cli', 'pipeline']);
afterAll(() => rmSync(compiled, { recursive: true }));

const PREPARE = `
  import { createWriteStream } from 'node:fs';
  import { join } from 'node:path';
  import { finished } from 'node:stream/promises';
  import { createGzip } from 'node:zlib';
  import { importRows } from '${compiled}/pipeline/import-rows.js';

  /** As real rows: questions of some length, ids that are no numbers, all answers good. */
  function rowText(n) {
    const [problem_type, rest] = n % 2 === 0
      ? ['math', { answer: String(n) }]
      : ['exact_match', { options: ['red', 'blue', 'green'], answer: 'blue' }];
    const question = \`What can be seen in part \${n}? \${'It is shown for a while. '.repeat(8)}\`;
    return JSON.stringify({ id: \`clip-\${n}-of-the-set\`, question, problem_type, ...rest, task: 'colour' }) + '\\n';
  }

  async function manifest(file, count) {
    const target = createWriteStream(file);
    const stream = file.endsWith('.gz') ? createGzip({ level: 1 }) : target;
    if (stream !== target) stream.pipe(target);
    for (let n = 0; n < count; n += 1) if (!stream.write(rowText(n))) await new Promise((go) => stream.once('drain', go));
    stream.end();
    await finished(target);
  }

  const signal = new AbortController().signal;
  const imported = (folder, file, max = 0) => importRows({
    files: [file], out: join(folder, 'out.jsonl'), rejectedOut: join(folder, 'out.rejected.jsonl'),
    allows: (rejected) => rejected <= max, signal,
  });
`;

/** Runs a script with little memory; what it prints last is JSON. */
async function child<Result>(script: string): Promise<Result> {
  const { stdout, stderr, exitCode } = await runNode(compiled, PREPARE + script, [
    '--expose-gc',
    '--max-old-space-size=96',
  ]);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  return JSON.parse(String(stdout)) as Result;
}

const ROWS = 200_000;
const BOUND = 32 * 1024 * 1024;

describe('200,000 rows', () => {
  test('are imported without being held', { timeout: 180_000 }, async () => {
    const folder = folderWith({});
    const script = `
      const file = ${JSON.stringify(join(folder, 'rows.jsonl.gz'))};
      await manifest(file, ${ROWS});
      const { prompts } = await imported(${JSON.stringify(folder)}, file);
      gc();
      console.log(JSON.stringify({ prompts, heapUsed: process.memoryUsage().heapUsed }));`;
    const { prompts, heapUsed } = await child<{ prompts: number; heapUsed: number }>(script);
    expect(prompts).toBe(ROWS);
    expect(heapUsed).toBeLessThan(BOUND);
  });

  test('are checked without being held, bad ones too', { timeout: 180_000 }, async () => {
    const folder = folderWith({});
    // Each id twice: half of the rows are bad, and all of them are listed.
    const script = `
      import { appendFileSync, createReadStream } from 'node:fs';
      import { checkData } from '${compiled}/cli/check-data.js';
      const half = ${JSON.stringify(join(folder, 'half.jsonl'))};
      const file = ${JSON.stringify(join(folder, 'rows.jsonl'))};
      await manifest(half, ${ROWS / 2});
      for (let time = 0; time < 2; time += 1)
        for await (const chunk of createReadStream(half)) appendFileSync(file, chunk);
      const write = process.stdout.write;
      let bytes = 0;
      process.stdout.write = (text) => { bytes += text.length; return true; };
      const status = await checkData([file], { json: true });
      process.stdout.write = write;
      gc();
      console.log(JSON.stringify({ status, bytes, heapUsed: process.memoryUsage().heapUsed }));`;
    const { status, bytes, heapUsed } = await child<{ status: number; bytes: number; heapUsed: number }>(script);
    expect(status).toBe(1);
    expect(bytes).toBeGreaterThan((ROWS / 2) * 100);
    expect(heapUsed).toBeLessThan(BOUND);
  });
});

test('twice the rows take at most three times the work', { timeout: 180_000 }, async () => {
  const folder = folderWith({});
  // CPU time, not seconds: others may use the machine. The least of several turns is the one least disturbed.
  const script = `
    const folder = ${JSON.stringify(folder)};
    const counts = [25_000, 50_000];
    for (const count of counts) await manifest(join(folder, count + '.jsonl'), count);
    const least = counts.map(() => Infinity);
    for (let turn = 0; turn < 4; turn += 1)
      for (const [index, count] of counts.entries()) {
        const before = process.cpuUsage();
        await imported(folder, join(folder, count + '.jsonl'));
        const { user, system } = process.cpuUsage(before);
        if (turn > 0) least[index] = Math.min(least[index], user + system);
      }
    console.log(JSON.stringify(least));`;
  const [once = 0, twice = 0] = await child<number[]>(script);
  expect(twice / once).toBeLessThan(3);
  expect(twice / once).toBeGreaterThan(1.2);
});

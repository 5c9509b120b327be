import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { csvField } from '../../../orchestrator/cli/runs/export/csv.js';
import { writeWhole } from '../../../orchestrator/cli/runs/export/file.js';
import { vauto } from '../../fixtures/command.js';
import { answered, runsFolder } from './stored-run.js';

const HOSTILE = '=HYPERLINK("http://x"),\r\n<script>alert(1)</script>\u0000\ud800';

/** 250 rollouts, more than are read at a time; the third is hostile, the fourth was not graded. */
function exporting() {
  const rows = Array.from({ length: 250 }, (_, place) =>
    answered(`p${place}`, 0, {
      ...{ confidence: place === 1 ? null : place / 250, first: place % 2 === 0 },
      ...(place === 2 ? { text: HOSTILE } : {}),
      ...(place === 3 ? { second: null } : {}),
    }),
  );
  const { folder } = runsFolder('filter', rows, { p2: '+1 or -1?' });
  const file = join(folder, 'out');
  const run = (...args: string[]) => vauto('runs', 'export', 'first', ...args, '--runs', folder);
  return { folder, file, run };
}

const rowsOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('vauto runs export', () => {
  it('writes JSON Lines with verdicts and reward, in the order of commit', async () => {
    const { file, run } = exporting();
    expect(await run('--jsonl', file)).toBe(`250 rollouts of first written to ${file}\n`);
    const rows = rowsOf(file);
    expect(rows.map(({ prompt_id }) => prompt_id)).toEqual(Array.from({ length: 250 }, (_, place) => `p${place}`));
    expect(rows[0]).toMatchObject({
      ...{ run: 'first', stage: 'filter', pass: 'filter', set: 'train', source: 'toy', problem_type: 'exact_match' },
      ...{ index: 0, step: null, confidence: 0, exits: false, first_text: 'A', first_correct: true, first_value: 1 },
      ...{ second_text: 'B', second_correct: true, second_state: 'graded', reward_total: 2.1, reward_direct: null },
      ...{ tokens_total: 3, finish_reason: 'stop', seed: 2 ** 31 - 1, question: 'What is p0?' },
    });
    expect(rows[3]).toMatchObject({ second_correct: null, second_state: 'error', reward_total: null });
    expect(rows[249]).toMatchObject({ confidence: 0.996, exits: true });
  });

  it('writes the same as Parquet', async () => {
    const { folder, file, run } = exporting();
    await run('--parquet', file);
    await run('--jsonl', join(folder, 'lines'));
    const bytes = readFileSync(file);
    const rows = await parquetReadObjects({
      file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    });
    const plain = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
    const read = rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
    );
    // UTF-8 has no lone surrogates.
    const lines = rowsOf(join(folder, 'lines')).map((row) => ({
      ...row,
      completion: String(row.completion).toWellFormed(),
    }));
    expect(read).toEqual(lines);
  });

  it('writes CSV that no spreadsheet runs', async () => {
    const { file, run } = exporting();
    await run('--csv', file, '--min-confidence', '0.008', '--max-confidence', '0.012');
    const [head, ...lines] = readFileSync(file, 'utf8').split('\r\n');
    expect(head).toMatch(/^run,stage,pass,.*,question,completion$/);
    expect(lines.slice(0, 2).join('\r\n')).toContain(
      `,'+1 or -1?,"'=HYPERLINK(""http://x""),\r\n<script>alert(1)</script>\u0000\ufffd`,
    );
    expect(lines[2]).toContain(',p3,0,,0.012,false,A,false,0,graded,B,,,error,,,,,,,1,1,1,3,stop,');
  });

  it('takes the filters of traces', async () => {
    const { file, run } = exporting();
    const json = JSON.parse(await run('--jsonl', file, '--first', 'right', '--gate', 'exit', '--json'));
    expect(json).toEqual({ run: 'first', file, format: 'jsonl', rollouts: 3 });
    expect(rowsOf(file).map(({ prompt_id }) => prompt_id)).toEqual(['p244', 'p246', 'p248']);
    await run('--jsonl', file, '--search', 'hyperlink');
    expect(rowsOf(file).map(({ prompt_id }) => prompt_id)).toEqual(['p2']);
    await run('--jsonl', file, '--stage', 'train');
    expect(readFileSync(file, 'utf8')).toBe('');
    await run('--parquet', file, '--stage', 'train');
    expect(existsSync(file)).toBe(true);
  });

  it('still writes what replay reads', async () => {
    const { file, run } = exporting();
    expect(await run('--rollouts', file)).toBe(`250 rollouts of first written to ${file}\n`);
    expect(rowsOf(file)[2]).toMatchObject({ stage: 'filter', set: 'train' });
    await expect(run('--rollouts', file, '--stage', 'train')).rejects.toMatchObject({ code: 'no-such-stage' });
  });

  it('needs one file, and only what fits it', async () => {
    const { file, run } = exporting();
    await expect(run()).rejects.toThrow('missing');
    await expect(run('--csv', file, '--html', file)).rejects.toThrow('--csv and --html are two files');
    await expect(run('--csv', file, '--limit', '3')).rejects.toThrow('--limit is for --html');
    await expect(run('--rollouts', file, '--wrong')).rejects.toThrow('cannot be combined with --wrong');
    await expect(run('--rollouts', file, '--prompt', 'p1')).rejects.toThrow('cannot be combined with --prompt');
    await expect(run('--csv', join(file, 'x'))).rejects.toMatchObject({ code: 'no-folder' });
    expect(existsSync(file)).toBe(false);
  });
});

describe('a file that is written whole', () => {
  it('leaves the old one, and nothing else, when it fails', async () => {
    const { folder } = exporting();
    mkdirSync(join(folder, 'there'));
    const file = join(folder, 'there', 'file');
    writeFileSync(file, 'old');
    const failing = writeWhole(file, async (write) => {
      await write('new');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect([readdirSync(join(folder, 'there')), readFileSync(file, 'utf8')]).toEqual([['file'], 'old']);
  });

  it('keeps text and bytes in their order, however long', async () => {
    const { file } = exporting();
    await writeWhole(file, async (write) => {
      await write('a'.repeat(300_000));
      await write('b');
      await write(new Uint8Array([99]));
      await write('d');
    });
    expect(readFileSync(file, 'utf8')).toBe(`${'a'.repeat(300_000)}bcd`);
  });
});

describe('a CSV field', () => {
  it('is quoted where it has to be, and only text is made safe', () => {
    expect([-1.5, true, null, 'a', 'a"b', 'a,b', 'a\nb', '-1', '@x', '\tx', '\rx', ' =x'].map(csvField)).toEqual([
      ...['-1.5', 'true', '', 'a', '"a""b"', '"a,b"', '"a\nb"', "'-1", "'@x", "'\tx", '"\'\rx"', ' =x'],
    ]);
  });
});

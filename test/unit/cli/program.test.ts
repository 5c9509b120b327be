import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { reportError } from '../../../orchestrator/cli/boundary.js';
import { createProgram } from '../../../orchestrator/cli/program.js';

afterEach(() => {
  process.exitCode = undefined;
});

/** Runs a command line in this process, through the same boundary as `vauto`. */
async function vauto(...args: string[]) {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const streams = { stdout: (text: string) => stdout.push(text), stderr: (text: string) => stderr.push(text) };
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => stdout.push(String(text)) > 0);
  let status = 0;
  try {
    await createProgram(streams).parseAsync(args, { from: 'user' });
    status = Number(process.exitCode ?? 0);
  } catch (error) {
    status = reportError(error, args.includes('--json'), streams);
  } finally {
    write.mockRestore();
  }
  return { stdout: stdout.join(''), stderr: stderr.join(''), status };
}

describe('help', () => {
  it('is printed for nothing at all, with status 2, and on request with status 0', async () => {
    const bare = await vauto();
    expect([bare.status, bare.stdout]).toEqual([2, '']);
    expect(bare.stderr).toContain('Usage: vauto');
    const asked = await vauto('--help');
    expect([asked.status, asked.stderr]).toEqual([0, '']);
    expect(asked.stdout).toBe(bare.stderr);
  });

  it('names every command', async () => {
    const { stdout } = await vauto('--help');
    for (const name of ['run', 'plan', 'runs', 'sweep', 'grade', 'data', 'schema', 'setup', 'doctor'])
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  it('fits 80 columns, ends with an example, and every command takes --json', () => {
    for (const command of leaves(createProgram({ stdout: () => {}, stderr: () => {} }))) {
      const lines = helpText(command).split('\n');
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      expect(lines.filter((line) => line.includes('default: []'))).toEqual([]);
      expect([command.name(), command.options.map((option) => option.long)]).toEqual([
        command.name(),
        expect.arrayContaining(['--json']),
      ]);
      expect([command.name(), helpText(command).includes('\nExample:\n  vauto ')]).toEqual([command.name(), true]);
      for (const option of command.options) expect([option.flags, option.description]).not.toContain('');
      expect(command.summary()).not.toBe('');
    }
  });
});

/** The whole help, texts after it included. */
function helpText(command: Command): string {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (part) => parts.push(part) }).outputHelp();
  return parts.join('');
}

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

describe('wrong usage', () => {
  it('offers the nearest command or flag, with status 2', async () => {
    expect(await vauto('rnu')).toEqual({
      stdout: '',
      stderr: "error: unknown command 'rnu'\n      did you mean run?\n",
      status: 2,
    });
    expect(await vauto('plan', 'r.yaml', '--st', 'a=1')).toMatchObject({
      stderr: "error: unknown option '--st'\n      did you mean --set?\n",
      status: 2,
    });
    expect(await vauto('plan')).toMatchObject({
      stderr: "error: missing required argument 'recipe'\n      see --help\n",
      status: 2,
    });
  });

  it('is JSON with --json', async () => {
    const { stdout, stderr, status } = await vauto('plan', '--json', '--st');
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'usage', message: "unknown option '--st'", fix: 'did you mean --set?' },
    });
    expect([stderr, status]).toEqual(['', 2]);
  });
});

describe('vauto schema', () => {
  it('prints the JSON Schema', async () => {
    const { stdout, status } = await vauto('schema');
    expect(JSON.parse(stdout)).toMatchObject({ title: 'vauto recipe', type: 'object' });
    expect(status).toBe(0);
  });
});

describe('vauto data check', () => {
  const fine = { id: 1, question: 'What is 1 + 1?', answer: '2', problem_type: 'math' };

  function manifest(...rows: unknown[]): string {
    const folder = mkdtempSync(join(tmpdir(), 'vauto-check-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'rows.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
    return join(folder, 'rows.jsonl');
  }

  it('counts a good manifest', async () => {
    const { stdout, status } = await vauto('data', 'check', manifest(fine), '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      files: [{ name: 'rows', prompts: 1, rejected: 0, byType: { math: 1 }, rows: [] }],
    });
    expect(status).toBe(0);
  });

  it('lists bad rows by line, with status 1', async () => {
    const file = manifest(fine, fine, { ...fine, id: 2, answer: null }, { ...fine, id: 3, problem_type: 'x' });
    const { stdout, status } = await vauto('data', 'check', file, '--show', '2');
    expect(status).toBe(1);
    expect(stdout).toContain(`${file}:2:2  the id "1" stands in line 1 already`);
    expect(stdout).toContain(`${file}:3:37  the row has no answer`);
    expect(stdout).toContain('… and 1 more bad rows');
    const json = JSON.parse((await vauto('data', 'check', file, '--json')).stdout) as { files: { rows: unknown[] }[] };
    expect(json.files[0]?.rows).toHaveLength(3);
  });

  it('says what is no manifest', async () => {
    expect(await vauto('data', 'check', 'absent.jsonl')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('there is no manifest'),
    });
    expect(await vauto('data', 'check', manifest())).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('holds no rows'),
    });
    expect(await vauto('data', 'check', manifest(fine), '--show', 'all')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('a number is needed'),
    });
  });
});

describe('a recipe with problems', () => {
  it('names all of them before anything starts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vauto-bad-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'bad.yaml');
    writeFileSync(
      file,
      'version: 1\nname: bad\nmodel: {path: org/model}\ndata: {benchmarks: []}\ntrain:\n  groupSize: 1\n',
    );
    const { stdout, stderr, status } = await vauto('plan', file, '--set', 'seed=-1');
    expect([stdout, status]).toEqual(['', 2]);
    expect(stderr).toContain(`${file}:6:14  train.groupSize is 1; a group needs at least 2 rollouts`);
    expect(stderr).toContain('    6 |   groupSize: 1\n      |              ^\n');
    expect(stderr).toMatch(/--set #1 {2}seed is -1; it must be at least 0\n.*problems, nothing was started\.\n$/s);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { reportError } from '../../../orchestrator/cli/boundary.js';
import { type ErrorKind, UserError, UserErrors } from '../../../orchestrator/errors.js';

function report(error: unknown, json = false) {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const status = reportError(error, json, { stdout: (text) => stdout.push(text), stderr: (text) => stderr.push(text) });
  return { stdout: stdout.join(''), stderr: stderr.join(''), status };
}

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-errors-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'r.yaml'), text);
  return join(folder, 'r.yaml');
}

const recipeError = (file: string, line: number, column: number) =>
  new UserError({
    code: 'unknown-key',
    kind: 'recipe',
    message: 'sweep.treshold is not a key of sweep',
    place: { file, line, column, path: 'sweep.treshold' },
    fix: 'allowed: holdout',
  });

describe('the exit status', () => {
  it('follows the kind of failure', () => {
    const kinds: ErrorKind[] = ['check', 'usage', 'recipe', 'data', 'dependency', 'environment', 'interrupted'];
    expect(kinds.map((kind) => report(new UserError({ code: 'x', kind, message: 'm' })).status)).toEqual([
      1, 2, 2, 2, 3, 3, 130,
    ]);
  });

  it('is 3 with the place named when the disk is full', () => {
    const { status, stderr } = report(
      Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', path: '/runs/x' }),
    );
    expect(status).toBe(3);
    expect(stderr).toContain('the disk is full (/runs/x)');
    expect(stderr).not.toContain('bug');
    const closed = report(
      Object.assign(new Error("EROFS: read-only file system, mkdir '/runs/x'"), { code: 'EROFS', path: '/runs/x' }),
    );
    expect(closed.status).toBe(3);
    expect(closed.stderr).toMatch(
      /^error: \/runs\/x cannot be used: EROFS: read-only file system\n {6}check that its folder/,
    );
    // A checkpoint that Python could not write.
    const message = 'train.run raised OSError: [Errno 28] No space left on device';
    const fromPython = report(Object.assign(new Error(message), { code: 'raised' }));
    expect([fromPython.status, fromPython.stderr.includes('bug')]).toEqual([3, false]);
  });
});

describe('an error of the user', () => {
  it('is printed with its place, the line with a mark, and what to write instead; no stack', () => {
    const file = fileWith('version: 1\nsweep:\n  treshold: 0.97\n');
    expect(report(recipeError(file, 3, 3)).stderr).toBe(
      `${file}:3:3  sweep.treshold is not a key of sweep\n    3 |   treshold: 0.97\n      |   ^^^^^^^^\n      allowed: holdout\n`,
    );
  });

  it('comes with the others, and their number last', () => {
    const errors = [
      recipeError('gone.yaml', 3, 3),
      new UserError({ code: 'x', kind: 'recipe', message: 'wrong', place: { file: '--set #1' } }),
    ];
    expect(report(new UserErrors(errors)).stderr).toBe(
      'gone.yaml:3:3  sweep.treshold is not a key of sweep\n      allowed: holdout\n--set #1  wrong\n2 problems, nothing was started.\n',
    );
  });

  it('in a very long line shows the part around the mark', () => {
    const file = fileWith(`${'x'.repeat(5000)} here`);
    const [, line = '', mark = ''] = report(recipeError(file, 1, 5002)).stderr.split('\n');
    expect(line.slice(mark.indexOf('^'))).toBe('here');
    expect(line.length).toBeLessThan(120);
  });

  it('is one JSON document on standard output with --json', () => {
    const { stdout, stderr, status } = report(recipeError('r.yaml', 3, 3), true);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'unknown-key',
        message: 'sweep.treshold is not a key of sweep',
        file: 'r.yaml',
        line: 3,
        column: 3,
        path: 'sweep.treshold',
        fix: 'allowed: holdout',
      },
    });
    expect([stderr, status]).toEqual(['', 2]);
  });

  it('lists all of them in JSON when there are several', () => {
    const { stdout } = report(new UserErrors([recipeError('a', 1, 1), recipeError('b', 2, 2)]), true);
    const parsed = JSON.parse(stdout) as { error: { file: string }; errors: { file: string }[] };
    expect(parsed.error.file).toBe('a');
    expect(parsed.errors.map((error) => error.file)).toEqual(['a', 'b']);
  });
});

describe('every other error', () => {
  it('is a bug, with its stack', () => {
    const { status, stderr, stdout } = report(new TypeError('undefined is not a function'));
    expect(stderr).toMatch(/^TypeError: undefined is not a function\n +at .*boundary\.test/);
    expect(stderr).toContain('this is a bug');
    expect([status, stdout]).toEqual([1, '']);
    expect(JSON.parse(report(new Error('x'), true).stdout)).toEqual({ error: { code: 'bug', message: 'x' } });
  });
});

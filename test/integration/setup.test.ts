import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { setupEnvironment } from '../../orchestrator/environment/index.js';
import { prove } from '../../orchestrator/environment/install.js';
import { readStamp } from '../../orchestrator/environment/stamp.js';
import { python } from '../fixtures/bridge.js';

const scratch = mkdtempSync(join(tmpdir(), 'vauto-setup-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

/** pip that finds nothing, whatever this machine has configured. */
function withoutPackages(): void {
  const nothing = {
    PIP_CONFIG_FILE: '/dev/null',
    PIP_NO_INDEX: '1',
    PIP_FIND_LINKS: '',
    PIP_EXTRA_INDEX_URL: '',
    PIP_INDEX_URL: '',
  };
  for (const [name, value] of Object.entries(nothing)) vi.stubEnv(name, value);
  vi.stubEnv('VAUTO_TORCH_INDEX', `file://${scratch}/no-index`);
}

describe('setup', () => {
  it('says which package is not to be had, and starts over the next time', async () => {
    withoutPackages();
    const venv = join(scratch, 'venv');
    const run = async () => {
      const lines: string[] = [];
      const failure = await setupEnvironment({ venv, engine: 'cpu', onProgress: (line) => lines.push(line) }).catch(
        (error: unknown) => error,
      );
      return { lines, failure };
    };
    const first = await run();
    expect(first.failure).toMatchObject({
      code: 'package-missing',
      kind: 'dependency',
      message: expect.stringContaining('torch==2.13.0'),
    });
    expect(first.lines).toContain(
      `CPU torch is not in the configured package index; asking file://${scratch}/no-index`,
    );
    expect(readStamp(venv)?.state).toBe('installing');
    const second = await run();
    expect(second.lines[0]).toMatch(/^making /);
  });

  it('stops when it is interrupted, without a stamp that says done', async () => {
    withoutPackages();
    const venv = join(scratch, 'interrupted');
    const controller = new AbortController();
    const onProgress = (): void => controller.abort(new Error('Ctrl-C'));
    await expect(setupEnvironment({ venv, engine: 'cpu', signal: controller.signal, onProgress })).rejects.toThrow(
      'Ctrl-C',
    );
    expect(readStamp(venv)?.state).not.toBe('done');
  });
});

describe('the proof', () => {
  it('imports vLLM, TRL and Qwen2.5-VL', async () => {
    expect(await prove(python)).toMatchObject({ trl: '1.16.0', transformers: '5.17.0' });
  });

  it('fails for a Python without them', async () => {
    await expect(prove('python3')).rejects.toMatchObject({
      code: 'environment-broken',
      message: expect.stringContaining('No module named'),
    });
  });
});

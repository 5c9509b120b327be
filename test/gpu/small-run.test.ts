import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { ROOT, smallRunArgs, vauto } from '../integration/shared-run.js';

// `npm run test:gpu`, on a machine with a CUDA device: makes the CUDA environment, runs every stage small and writes what it saw to
// docs/results/gpu.json. Without a device everything here is skipped.

const { stdout: device, failed } = await execa(
  'nvidia-smi',
  ['--query-gpu=name,memory.total', '--format=csv,noheader'],
  {
    reject: false,
  },
);
const runs = mkdtempSync(join(tmpdir(), 'vauto-gpu-'));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

describe.skipIf(failed)('on a CUDA device', () => {
  test('setup makes the environment and doctor finds nothing missing', async () => {
    const setup = await vauto(['setup', '--engine', 'cuda']);
    expect(setup.exitCode, setup.stderr).toBe(0);
    const doctor = await vauto(['doctor', '--json']);
    expect(doctor.exitCode, doctor.stdout).toBe(0);
  });

  test('a small run of every stage passes its parity gate and loses nothing', async () => {
    const { exitCode, stderr } = await vauto(smallRunArgs(runs));
    expect(exitCode, stderr.slice(-4000)).toBe(0);
    const { stdout } = await vauto(['runs', 'show', 'small', '--runs', runs, '--json']);
    const { run, stages, ledger, usage, warnings } = JSON.parse(stdout);
    expect(run.status).toBe('done');
    expect(ledger.lost).toBe(0);
    const seconds = Object.fromEntries(
      stages.map((stage: { name: string; seconds: number }) => [stage.name, stage.seconds]),
    );
    const result = { date: new Date().toISOString().slice(0, 10), device: device.trim(), seconds, usage, warnings };
    writeFileSync(join(ROOT, 'docs', 'results', 'gpu.json'), `${JSON.stringify(result, null, 2)}\n`);
  });
});

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resumeCommand } from '../../../orchestrator/cli/run-recipe.js';
import { lockRun } from '../../../orchestrator/pipeline/lock.js';
import { openStore } from '../../../orchestrator/store/index.js';
import { vauto } from '../../fixtures/command.js';
import { newRun } from '../store/rows.js';

const COMMAND = 'vauto run r.yaml --run first';

/** A runs folder with a run whose filter is done and whose training runs, as far as the store knows. */
function runningRun() {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-live-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const runFolder = join(folder, 'first');
  mkdirSync(runFolder);
  const store = openStore(join(folder, 'vauto.db'));
  const runId = store.createRun({ ...newRun, folder: runFolder });
  store.addEvent(runId, { level: 'info', kind: 'command', message: 'vauto run r.yaml --run first --until filter' });
  store.addEvent(runId, { level: 'info', kind: 'command', message: COMMAND });
  store.finishStage(store.startStage(runId, 'filter', 'a').id, {}, []);
  store.startStage(runId, 'train', 'b');
  store.close();
  return { folder, runFolder };
}

describe('a run that is marked running', () => {
  it('is under way while a process holds it', async () => {
    const { folder, runFolder } = runningRun();
    const release = lockRun(runFolder, 'first');
    expect(await vauto('runs', 'list', '--runs', folder)).toMatch(/^first +running +train/m);
    const shown = JSON.parse(await vauto('runs', 'show', 'first', '--runs', folder, '--json'));
    expect([shown.run.status, shown.run.reason, shown.resume]).toEqual(['running', null, null]);
    release();
  });

  it('was interrupted when nobody does, with the command that goes on', async () => {
    const { folder } = runningRun();
    const list = await vauto('runs', 'list', '--runs', folder);
    expect(list).toMatch(/^first +interrupted +train/m);
    expect(list).toContain('vauto runs show first');
    const shown = JSON.parse(await vauto('runs', 'show', 'first', '--runs', folder, '--json'));
    expect(shown.run.status).toBe('interrupted');
    expect(shown.resume).toBe(COMMAND);
    expect(shown.stages.map(({ name, status }: { name: string; status: string }) => `${name} ${status}`)).toEqual([
      'filter done',
      'train interrupted',
    ]);
    const text = await vauto('runs', 'show', 'first', '--runs', folder);
    expect(text).toContain(`first: interrupted\nits process ended without a word\ncontinue with: ${COMMAND}\n`);
  });
});

describe('the command that continues a run', () => {
  it('is the same one again: overrides, name and folder, but nothing that would begin anew', () => {
    const flags = { set: [], runs: process.env.VAUTO_RUNS ?? 'runs' };
    expect(resumeCommand('recipes/a.yaml', flags)).toBe('vauto run recipes/a.yaml');
    expect(
      resumeCommand('my recipe.yaml', {
        set: ['train.steps=3', "name='x y'"],
        run: 'short',
        runs: '/data/runs',
        until: 'train',
      }),
    ).toBe(
      `vauto run 'my recipe.yaml' --run short --runs /data/runs --until train --set train.steps=3 --set 'name='\\''x y'\\'''`,
    );
  });
});

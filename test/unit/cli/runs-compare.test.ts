import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { axisOver, forestBar, forestHead } from '../../../orchestrator/cli/runs/forest.js';
import { openStore } from '../../../orchestrator/store/index.js';
import { vauto } from '../../fixtures/command.js';
import { newRun, promptOf } from '../store/rows.js';
import { answered, runsFolder } from './stored-run.js';

const WHERE = { set: 'benchmark:colours', pass: 'greedy' };

/** Forty questions: `first` has none right, `better` has all right, `same` is as `first`. */
function threeRuns() {
  const ids = Array.from({ length: 40 }, (_, index) => `q${index}`);
  const rowsOf = (right: boolean) => ids.map((id) => answered(id, 0, { confidence: 0.1, second: right }, WHERE));
  const { folder, file } = runsFolder('evaluate', rowsOf(false));
  const store = openStore(file);
  for (const [name, right] of [['better', true] as const, ['same', false] as const]) {
    const runId = store.createRun({ ...newRun, name, folder: join(folder, name) });
    store.savePrompts(
      runId,
      WHERE.set,
      ids.map((id) => promptOf(id)),
    );
    const { id } = store.startStage(runId, 'evaluate', name);
    store.commitUnit(id, 'all', rowsOf(right));
    store.finishStage(id, {}, []);
  }
  store.createRun({ ...newRun, name: 'empty', folder: join(folder, 'empty') });
  store.close();
  return (...args: string[]) => vauto('runs', 'compare', ...args, '--runs', folder);
}

describe('vauto runs compare', () => {
  it('tells a difference only where its interval leaves 0 out', async () => {
    const text = await threeRuns()('first', 'better', 'same');
    expect(text).toMatch(/^colours +better +\+100\.0 \[\+100\.0, \+100\.0\] +higher/m);
    expect(text).toMatch(/^colours +same +0\.0 \[0\.0, 0\.0\] +no difference shown/m);
    expect(text).toMatch(/^colours +better +40 +40 +0 +0 +0 +<0\.001$/m);
    expect(text).toContain('differences are from first, paired by question');
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(await threeRuns()('better', 'same')).toContain('lower');
    expect(text.replaceAll('better ', '')).not.toMatch(/better|worse/);
  });

  it('lists the questions that changed', async () => {
    const compare = threeRuns();
    const text = await compare('first', 'better', '--flips', '2');
    expect(text).toContain('first → better: 0 broken, 40 fixed');
    expect(text.match(/^fixed +colours/gm)).toHaveLength(2);
  });

  it('prints numbers as JSON, of one benchmark and policy', async () => {
    const compare = threeRuns();
    const json = JSON.parse(await compare('first', 'better', '--json', '--policy', 'never', '--flips', '3'));
    expect(json.policy).toBe('never');
    expect(json.benchmarks[0]).toMatchObject({
      benchmark: 'colours',
      differences: [{ n: 40, fixed: 0, sameWrong: 40 }],
    });
    expect(json.flips).toEqual([{ run: 'better', broken: { total: 0, rows: [] }, fixed: { total: 0, rows: [] } }]);
    await expect(compare('first', 'better', '--benchmark', 'x')).rejects.toThrow('no');
  });

  it('refuses what cannot be compared', async () => {
    const compare = threeRuns();
    await expect(compare('first')).rejects.toThrow('two runs');
    await expect(compare('first', 'first')).rejects.toThrow('named twice');
    await expect(compare('first', 'bettr')).rejects.toMatchObject({
      code: 'unknown-run',
      fix: expect.stringContaining('did you mean "better"?'),
    });
    await expect(compare('first', 'empty')).rejects.toMatchObject({ code: 'no-evaluation', kind: 'usage' });
  });
});

describe('a forest plot', () => {
  it('draws intervals on a round axis', () => {
    const bars = [
      { value: 0.02, low: -0.01, high: 0.05 },
      { value: 0.1, low: 0.1, high: 0.1 },
    ];
    const axis = axisOver(bars, [0]);
    expect([axis.from, axis.to].map((end) => Number(end.toFixed(6)))).toEqual([-0.05, 0.1]);
    expect(bars.map((bar) => forestBar(bar, axis, 31, 0))).toEqual([
      '        ├─────●─────┤',
      '          ┊                   ●',
    ]);
    expect(forestHead(axis, 31, (value) => value.toFixed(2))).toBe(`-0.05${' '.repeat(22)}0.10`);
  });
});

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunView } from '../../../orchestrator/cli/runs/show.js';
import { formatTraining, sparkline } from '../../../orchestrator/cli/runs/show-training.js';
import { openStore } from '../../../orchestrator/store/index.js';
import { vauto } from '../../fixtures/command.js';
import { demoRun } from './demo-run.js';

const { folder, file, store } = demoRun();
store.close();

/** What `vauto runs …` prints to standard output. */
const runs = (...args: string[]) => vauto('runs', ...args);

test('list, show and traces fit 80 columns', async () => {
  for (const args of [['list'], ['show', 'quickstart'], ['traces', 'quickstart', '--limit', '30']]) {
    const text = await runs(...args, '--runs', folder);
    const lines = text.split('\n').filter((line) => !line.includes(folder));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(text).toContain(args[0] === 'traces' ? 'train-0000' : 'quickstart');
  }
});

test('--json is one document with every figure of the run', async () => {
  const shown = JSON.parse(await runs('show', 'quickstart', '--json', '--runs', folder));
  expect(shown.stages.map((stage: { name: string }) => stage.name)).toEqual([
    'filter',
    'evaluate-before',
    'train',
    'evaluate',
    'sweep',
  ]);
  expect(shown.ledger).toMatchObject({ kept: 132, dropped: 65, unknown: 3, rollouts: 920, failures: 0, lost: 0 });
  expect(shown.training.steps).toHaveLength(60);
  expect(shown.metrics.some((metric: { name: string; low: number }) => metric.name === 'gain' && metric.low > 0)).toBe(
    true,
  );
  expect(shown.sweep.pooled.points.length).toBeGreaterThan(100);
  expect(shown.artifacts).toHaveLength(2);
  expect(JSON.parse(await runs('list', '--json', '--runs', folder)).runs[0]).toMatchObject({
    name: 'quickstart',
    stagesDone: 5,
  });
});

test('traces pages through all rows, wrong ones alone, and explains', async () => {
  const keys = new Set<string>();
  for (let after: string[] = []; ; ) {
    const page = JSON.parse(await runs('traces', 'quickstart', '--json', '--limit', '300', '--runs', folder, ...after));
    for (const row of page.rows) keys.add(`${row.stage}/${row.rollout.key}`);
    if (page.next === null) break;
    after = ['--after', page.next];
  }
  expect(keys.size).toBe(920);
  const wrong = JSON.parse(
    await runs('traces', 'quickstart', '--wrong', '--stage', 'evaluate', '--json', '--runs', folder),
  );
  expect(
    wrong.rows.every(
      (row: { correct: boolean; prompt: { answer: string } }) => row.correct === false && row.prompt.answer === 'B',
    ),
  ).toBe(true);
  const text = await runs('traces', 'quickstart', '--prompt', 'reasoning-0007', '--explain', '--runs', folder);
  expect(text).toMatch(/0\.9 × first [01] \+ 1\.1 × second [01] \+ 1 × format 1 \+ fallback bonus 0 = \d\.\d00/);
  for (const character of ['\u0007', '\u202e']) expect(text).not.toContain(character);
});

test('what is not there is said, with the nearest name', async () => {
  await expect(runs('show', 'quickstar', '--runs', folder)).rejects.toMatchObject({
    code: 'unknown-run',
    fix: expect.stringContaining('"quickstart"'),
  });
  await expect(runs('show', 'x', '--runs', join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'no-store' });
  await expect(runs('traces', 'quickstart', '--limit', '0', '--runs', folder)).rejects.toMatchObject({
    code: 'commander.invalidArgument',
  });
  expect(JSON.parse(await runs('list', '--json', '--runs', join(folder, 'nowhere')))).toEqual({ runs: [] });
});

test('remove takes rows and folder, and nothing outside the runs folder', async () => {
  const outside = join(folder, '..', `kept-${process.pid}`);
  mkdirSync(join(folder, 'short'), { recursive: true });
  mkdirSync(outside, { recursive: true });
  writeFileSync(join(folder, 'short', 'report.md'), '');
  const writer = openStore(file);
  for (const [name, place] of [
    ['short', join(folder, 'short')],
    ['far', outside],
  ] as const) {
    writer.createRun({ name, recipeText: '', recipe: {}, folder: place, seed: 1, environment: {} });
  }
  writer.close();
  await runs('remove', 'short', '--runs', folder);
  await runs('remove', 'far', '--runs', folder);
  expect(existsSync(join(folder, 'short'))).toBe(false);
  expect(existsSync(outside)).toBe(true);
  expect(JSON.parse(await runs('list', '--json', '--runs', folder)).runs).toHaveLength(1);
});

test('a sparkline has one character a step, or fewer', () => {
  expect(sparkline([1, 2, 3], 60)).toBe('▁▅█');
  expect(sparkline([2, 2], 60)).toBe('▄▄');
  expect(
    sparkline(
      Array.from({ length: 500 }, (_, step) => step),
      60,
    ).length,
  ).toBeLessThanOrEqual(60);
});

test('show says how many rollouts of a training are stored, where some were left out', () => {
  const shown = (more: Record<string, number>, rollouts: number) => {
    const steps = [{ step: 1, metrics: { reward_mean: 1, ...more } }];
    return formatTraining({ training: { steps }, ledger: { stages: [{ stage: 'train', rollouts }] } } as RunView);
  };
  expect(shown({ stored_rollouts: 4, made_rollouts: 8 }, 20)).toContain('20 of 24 rollouts stored');
  expect(shown({}, 20)).not.toContain('stored');
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { showPlan } from '../../../orchestrator/cli/show-plan.js';
import type { UserErrors } from '../../../orchestrator/errors.js';
import { row } from '../data/fixture.js';
import { MINIMAL, recipeFolder } from '../recipe/fixture.js';

/** What `vauto plan` prints for the minimal recipe with these manifests. */
async function plan(train: string, heldOut: string, { json = false, recipe = MINIMAL } = {}) {
  const folder = recipeFolder({ 'r.yaml': recipe, 'train.jsonl': train, 'one.jsonl': heldOut });
  const parts: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => parts.push(String(text)) > 0);
  vi.stubEnv('VAUTO_RUNS', join(folder, 'runs'));
  try {
    await showPlan(join(folder, 'r.yaml'), { set: [], json });
  } finally {
    write.mockRestore();
    vi.unstubAllEnvs();
  }
  expect(existsSync(join(folder, 'runs'))).toBe(false);
  return parts.join('');
}

const SKIP = MINIMAL.replace('{path: train.jsonl}', '{path: train.jsonl, onError: skip}');

describe('vauto plan', () => {
  it('counts prompts and rollouts', async () => {
    const { prompts, leftOut, stages } = JSON.parse(await plan(row(), row(), { json: true }));
    expect([prompts, leftOut]).toEqual([{ train: 1, 'benchmark:one': 1 }, []]);
    expect(stages[0]).toMatchObject({ stage: 'filter', rollouts: 8 });
  });

  it('tells what a run would leave out', async () => {
    const train = `${row()}\n${row({ id: 'b', answer: null })}`;
    expect(await plan(train, row(), { recipe: SKIP })).toContain('warning: 1 row was left out of train\n');
    const { leftOut } = JSON.parse(await plan(train, row(), { recipe: SKIP, json: true }));
    expect(leftOut).toEqual([expect.objectContaining({ set: 'train', line: 2, reason: 'the row has no answer' })]);
  });

  it('tells what is wrong in any set, all at once', async () => {
    const error = await plan(row({ answer: '' }), '').catch((reason: unknown) => reason);
    expect((error as UserErrors).errors.map(({ code }) => code)).toEqual(['bad-answer', 'empty-dataset']);
  });
});

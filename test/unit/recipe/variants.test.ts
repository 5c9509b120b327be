import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserErrors } from '../../../orchestrator/errors.js';
import { loadRecipe, loadVariants } from '../../../orchestrator/recipe/index.js';
import { MINIMAL, recipeFolder, summary } from './fixture.js';

function file(text: string): string {
  const path = join(recipeFolder(), 'v.yaml');
  writeFileSync(path, text);
  return path;
}

async function problems(text: string): Promise<string[]> {
  const error = await loadVariants(file(text)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof UserErrors ? error.errors.map(summary) : [summary(error as never)];
}

describe('the shipped variants', () => {
  const shipped = new URL('../../../recipes/ablation.variants.yaml', import.meta.url).pathname;
  const recipe = new URL('../../../recipes/quickstart.yaml', import.meta.url).pathname;

  it('weigh the answers by the same sum, and only what asks for a second answer pays the bonus', async () => {
    const variants = await loadVariants(shipped);
    const rewards = await Promise.all(
      variants.map(async ({ name, sets }) => [name, (await loadRecipe(recipe, { sets })).recipe.reward] as const),
    );
    expect(rewards.map(([name]) => name)).toEqual(['paper', 'without-alpha', 'w1-only', 'w2-only']);
    for (const [, { first, second, format }] of rewards) expect([first + second, format]).toEqual([2, 1]);
    expect(rewards.map(([, { first, second, fallback }]) => [first, second, fallback])).toEqual([
      [0.9, 1.1, 0.3],
      [0.9, 1.1, 0],
      [2, 0, 0],
      [0, 2, 0],
    ]);
  });
});

describe('a list of variants', () => {
  it('is a list of settings with their places', async () => {
    const text = '- name: a\n  set: {train.steps: 3, data.train.0.limit: 5}\n- {name: b, set: {}}\n';
    const [first, second] = await loadVariants(file(text));
    expect(first).toMatchObject({
      ...{ name: 'a', paths: ['train.steps', 'data.train.0.limit'] },
      sets: [
        { text: 'train.steps=3', place: { line: 2, column: 9 } },
        { text: 'data.train.0.limit=5', place: { line: 2 } },
      ],
    });
    expect(second).toEqual({ name: 'b', paths: [], sets: [] });
  });

  it('tells all that is wrong with it, by line', async () => {
    const text = '- {name: a, set: {}}\n- {name: a, sets: {}}\n- set: 3\n- 7\n- {name: ../x, set: {}}\n';
    const set = 'a map of paths and values is needed, such as {reward.first: 0.9}';
    expect(await problems(text)).toEqual([
      `2:3 invalid-variant: [1].set: ${set}`,
      '2:10 invalid-variant: two variants are named a | give each a name of its own',
      '2:13 invalid-variant: sets is not a key of a variant | did you mean "set"? allowed: name, set',
      '3:3 invalid-variant: [2].name: a name is needed: a text',
      `3:8 invalid-variant: [2].set: ${set}`,
      '4:3 invalid-variant: [3]: a variant is a map with the keys name and set',
      expect.stringContaining('5:10 invalid-variant: [4].name: a name is made of letters, digits'),
    ]);
  });

  it.each([
    ['name: a\n', '1:1 recipe-syntax: '],
    ['', '1:1 recipe-syntax: '],
    ['[]\n', '1:1 invalid-variant: '],
    ['- {name: a, name: b}\n', '1:13 duplicate-key: '],
    ['- !!js/function "x"\n', 'recipe-tag: a list of variants holds'],
    ['- [\n', 'recipe-syntax: not valid YAML'],
  ])('%j is none', async (text, message) => {
    expect((await problems(text)).join('\n')).toContain(message);
  });

  it('that is not there is named', async () => {
    await expect(loadVariants('/nowhere/v.yaml')).rejects.toThrowError(
      /cannot read the list of variants .*no such file/,
    );
  });

  it('gives its own line when the recipe has no such key, no such value, or no such path', async () => {
    const folder = recipeFolder({ 'r.yaml': MINIMAL });
    const variants = '- name: a\n  set:\n    reward.frist: 1\n    train.steps: -1\n    reward..x: 1\n';
    const [variant] = await loadVariants(file(variants));
    const error = await loadRecipe(join(folder, 'r.yaml'), { sets: variant?.sets ?? [] }).catch((reason) => reason);
    expect((error as UserErrors).errors.map(summary)).toEqual([
      expect.stringContaining('3:5 unknown-key: reward.frist is not a key of reward | did you mean "first"?'),
      expect.stringContaining('4:5 invalid-value: train.steps is -1'),
      expect.stringContaining('5:5 invalid-override: "reward..x" is no path of a recipe'),
    ]);
  });
});

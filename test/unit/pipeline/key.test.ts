import { describe, expect, it } from 'vitest';
import * as evaluation from '../../../orchestrator/evaluation/stage.js';
import * as filter from '../../../orchestrator/filter/stage.js';
import {
  canonicalJson,
  contentKey,
  promptIdentity,
  promptsKey,
  rolloutSeed,
} from '../../../orchestrator/pipeline/key.js';
import * as training from '../../../orchestrator/training/stage.js';
import { load, MINIMAL } from '../recipe/fixture.js';
import { promptOf } from '../store/rows.js';

/** What the keys of the stages take from a recipe. */
async function configKeys(text: string, sets: string[] = []) {
  const { recipe } = await load(text, sets);
  return {
    recipe: contentKey(recipe),
    filter: contentKey(filter.inputs(recipe)),
    train: contentKey(training.inputs(recipe)),
    evaluate: contentKey(evaluation.inputs(recipe)),
  };
}

describe('the key of a stage', () => {
  it('does not change with comments, the order of keys or the way a value is written', async () => {
    const text = `${MINIMAL}train: {steps: 5, groupSize: 4}\nfilter: {rollouts: 8}\n`;
    const other = `# a comment
filter:
  rollouts: 8 # eight
train:
  groupSize: 4
  steps: 5.0
${MINIMAL.split('\n').reverse().join('\n').replace('  train: [{path: train.jsonl}]\ndata:', '').replace('  benchmarks: [{name: one, path: one.jsonl}]', 'data: {benchmarks: [{path: one.jsonl, name: one}], train: [{path: train.jsonl}]}')}`;
    expect(await configKeys(other)).toEqual(await configKeys(text));
  });

  it('does not change when a default is written out', async () => {
    const { recipe } = await load(MINIMAL);
    expect(await configKeys(`${MINIMAL}train: {groupSize: ${recipe.train.groupSize}}\n`)).toEqual(
      await configKeys(MINIMAL),
    );
  });

  it('changes with what the stage reads, and with nothing else', async () => {
    const base = await configKeys(MINIMAL);
    const steps = await configKeys(MINIMAL, ['train.steps=9']);
    expect(steps.train).not.toBe(base.train);
    expect([steps.filter, steps.evaluate]).toEqual([base.filter, base.evaluate]);
    const rollouts = await configKeys(MINIMAL, ['filter.rollouts=6']);
    expect(rollouts.filter).not.toBe(base.filter);
    expect([rollouts.train, rollouts.evaluate]).toEqual([base.train, base.evaluate]);
    const frames = await configKeys(MINIMAL, ['video.maxFrames=9']);
    for (const stage of ['filter', 'train', 'evaluate'] as const) expect(frames[stage]).not.toBe(base[stage]);
  });

  it('tells numbers from texts and an absent value from null', () => {
    const keys = [{ a: 1 }, { a: '1' }, { a: null }, {}, [], { a: [1, 2] }, { a: [2, 1] }].map(contentKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(contentKey({ a: undefined })).toBe(contentKey({}));
    expect(canonicalJson({ b: { d: 1, c: [{ z: 1, y: 2 }] }, a: 0 })).toBe('{"a":0,"b":{"c":[{"y":2,"z":1}],"d":1}}');
  });
});

describe('the key of prompts', () => {
  const prompt = promptOf('p');
  const [media] = prompt.media;
  if (media === undefined) throw new Error('no media');

  it('does not change with where the media lie', () => {
    const moved = { ...prompt, media: [{ ...media, path: '/elsewhere/p.mp4' }] };
    expect(promptsKey([moved])).toBe(promptsKey([prompt]));
  });

  it.each([
    ['a corrected gold answer', { ...prompt, answer: 'B' }],
    ['other frames', { ...prompt, media: [{ ...media, sha256: 'one-frame-changed' }] }],
    ['another cut', { ...prompt, media: [{ ...media, end: 2 }] }],
    ['another question', { ...prompt, question: 'What is it?' }],
    ['other options', { ...prompt, options: ['blue', 'red'] }],
    ['other gold spans', { ...prompt, spans: [[0, 1] as [number, number]] }],
    ['other meta', { ...prompt, meta: {} }],
  ])('changes with %s', (_name, changed) => {
    expect(promptsKey([changed])).not.toBe(promptsKey([prompt]));
  });

  it('is that of the whole list, though it is made prompt by prompt', () => {
    const list = [prompt, promptOf('q'), promptOf('r')];
    for (const some of [[], list.slice(0, 1), list])
      expect(promptsKey(some)).toBe(contentKey(some.map((each) => promptIdentity(each))));
  });

  it('changes with their order: units are batches in a fixed order', () => {
    const other = promptOf('q');
    expect(promptsKey([prompt, other])).not.toBe(promptsKey([other, prompt]));
  });
});

describe('the seed of a rollout', () => {
  it('belongs to run seed, pass, prompt and index, and fits 31 bits', () => {
    const seeds = [
      rolloutSeed(7, 'filter', 'a', 0),
      rolloutSeed(8, 'filter', 'a', 0),
      rolloutSeed(7, 'sampled', 'a', 0),
      rolloutSeed(7, 'filter', 'b', 0),
      rolloutSeed(7, 'filter', 'a', 1),
      // No two of these may run together in the text that is hashed.
      rolloutSeed(7, 'filter', 'a1', 1),
      rolloutSeed(7, 'filter', 'a', 11),
    ];
    expect(new Set(seeds).size).toBe(seeds.length);
    for (const seed of seeds) expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31).toBe(true);
    // Recorded runs are replayed by their seeds: the rule must never change.
    expect(rolloutSeed(7, 'filter', 'a', 0)).toBe(seeds[0]);
  });
});

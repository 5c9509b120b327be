import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRecipe, readAccelerateFile, unknownArguments } from '../../../orchestrator/recipe/index.js';
import { load, MINIMAL, problems, recipeFolder, summary } from './fixture.js';

describe('a recipe that is right', () => {
  it('has every default', async () => {
    const { recipe } = await load(MINIMAL);
    expect(recipe.train).toMatchObject({ groupSize: 8, beta: 0.01, learningRate: 1e-6, trl: {} });
    expect(recipe.reward).toEqual({
      first: 0.9,
      second: 1.1,
      format: 1,
      fallback: 0.3,
      correctThreshold: 0.7,
      formatRule: 'strict',
      mathTimeout: 5,
    });
    expect(recipe.evaluate.policies).toEqual(['never', 'always', 'auto']);
    expect(recipe.data.train[0]).toMatchObject({ source: 'jsonl', onError: 'fail' });
    expect(recipe.video.pixelsPerToken).toBe(784);
  });

  it('resolves paths from its own folder, and tells a model folder from a hub id', async () => {
    const loaded = await load(MINIMAL);
    expect(existsSync(loaded.resolve('train.jsonl'))).toBe(true);
    expect(loaded.resolveModel()).toBe(loaded.resolve('model'));
    const hub = await load(MINIMAL.replace('path: model', 'path: Qwen/Qwen2.5-VL-7B-Instruct, revision: main'));
    expect(hub.resolveModel()).toBe('Qwen/Qwen2.5-VL-7B-Instruct');
  });

  it('passes engine and TRL arguments on as they are', async () => {
    const text = `${MINIMAL}engine: {args: {max_model_len: 8192, compilation_config: {level: 0}}}\ntrain: {trl: {loss_type: dapo}}\n`;
    const { recipe } = await load(text);
    expect(recipe.engine.args).toEqual({ max_model_len: 8192, compilation_config: { level: 0 } });
    expect(recipe.train.trl).toEqual({ loss_type: 'dapo' });
  });

  it('ships: recipes/quickstart.yaml has no wrong key', async () => {
    const file = new URL('../../../recipes/quickstart.yaml', import.meta.url).pathname;
    const { recipe } = await loadRecipe(file, { sets: [] });
    expect(recipe.name).toBe('quickstart');
    expect(recipe.data.benchmarks.map((benchmark) => benchmark.name)).toEqual([
      'perception',
      'reasoning',
      'grounding',
      'grounding-qa',
    ]);
  });
});

describe('keys', () => {
  it('come all at once, by line, with the nearest known key and the allowed ones', async () => {
    const text = `${MINIMAL}sweep:\n  treshold: 0.97\n  holdOut: 0.5\ntrain:\n  groupSize: 1\n  steps: many\nreward:\n  first: -1\n`;
    expect(await problems(text)).toEqual([
      '8:3 unknown-key: sweep.treshold is not a key of sweep | did you mean evaluate.threshold? allowed: holdout, rule, tolerance, budget, liveCheck',
      '9:3 unknown-key: sweep.holdOut is not a key of sweep | did you mean "holdout"? allowed: holdout, rule, tolerance, budget, liveCheck',
      '11:14 invalid-value: train.groupSize is 1; a group needs at least 2 rollouts (its advantage is 0 otherwise)',
      '12:10 invalid-value: train.steps is "many"; a number is needed',
      '14:10 invalid-value: reward.first is -1; it must be at least 0',
    ]);
  });

  it('name what is missing and what belongs there', async () => {
    expect(await problems('version: 1\nname: x\ndata:\n  benchmarks: [{path: one.jsonl}]\n')).toEqual([
      '1:1 missing-key: model is missing | add model to the recipe: a map of keys is needed',
      '4:16 missing-key: data.benchmarks[0].name is missing | add name to data.benchmarks[0]: a text is needed',
    ]);
  });

  it('refuse values outside their set with the nearest one', async () => {
    expect(await problems(`${MINIMAL}prompting: {mode: answer_twice}\n`)).toEqual([
      '7:19 invalid-value: prompting.mode is "answer_twice" | did you mean "answer-twice"? allowed: answer-twice, cot, direct, adapt-think',
    ]);
    expect(await problems(MINIMAL.replace('version: 1', 'version: 2'))).toEqual([
      '1:10 invalid-value: version is 2 | allowed: 1',
    ]);
  });

  it('refuse names that would leave the folder of runs', async () => {
    const [only] = await problems(MINIMAL.replace('name: mini', 'name: ../evil'));
    expect(only).toContain('2:7 invalid-value: name is "../evil"; letters, digits');
  });

  it('refuse numbers that are none', async () => {
    const found = await problems(`${MINIMAL}train: {learningRate: .nan, beta: .inf, steps: 1.5}\n`);
    expect(found.map((text) => text.split(';')[0])).toEqual([
      '7:23 invalid-value: train.learningRate is NaN',
      '7:35 invalid-value: train.beta is Infinity',
      '7:48 invalid-value: train.steps is 1.5',
    ]);
  });
});

describe('YAML', () => {
  it('says where the syntax is broken', async () => {
    const [first] = await problems('version: 1\nname: [a\nmodel: b\n');
    expect(first).toMatch(/^3:\d+ recipe-syntax: not valid YAML: /);
  });

  it('refuses a key that stands there twice', async () => {
    expect(await problems(`${MINIMAL}name: again\n`)).toEqual([
      '7:1 duplicate-key: the key "name" stands here a second time | keep one of the two',
    ]);
  });

  it('refuses tags, which could make objects of code', async () => {
    const found = await problems(`${MINIMAL}seed: !!python/object/apply:os.system ["true"]\n`);
    expect(found).toEqual([
      expect.stringMatching(/^7:7 recipe-tag: .*!!python\/object\/apply:os.system.*no value of a recipe is code$/),
    ]);
  });

  it('refuses a file that is no map, is empty, is no text or is not there', async () => {
    expect(await problems('- a\n- b\n')).toEqual([expect.stringContaining('1:1 recipe-syntax')]);
    expect(await problems('')).toEqual([expect.stringContaining('holds no recipe')]);
    const folder = recipeFolder();
    await expect(loadRecipe(join(folder, 'absent.yaml'), { sets: [] })).rejects.toThrow(
      /cannot read the recipe .*absent.yaml: there is no such file/,
    );
    await expect(loadRecipe(folder, { sets: [] })).rejects.toThrow(/it is a folder/);
  });

  it('resolves aliases and merges, and places an error where the alias is used, with where it was written', async () => {
    const text = `${MINIMAL}filter: &s {maxTokens: 64, rollouts: &many 0}\nevaluate:\n  samples: {count: *many}\ntrain: {steps: *many}\n`;
    expect(await problems(text)).toEqual([
      '7:44 invalid-value: filter.rollouts is 0; at least 2 rollouts are needed to see a question answered both rightly and wrongly',
      '10:16 invalid-value: train.steps is 0; it must be at least 1 (*many was written in line 7)',
    ]);
    const merged = `${MINIMAL}filter: &f {temperature: 0.5}\ntrain: {<<: *f, steps: 2, generation: transformers}\n`;
    expect((await load(merged)).recipe.train).toMatchObject({ temperature: 0.5, steps: 2 });
    const wrong = `${MINIMAL}filter: &f {maxTokens: 9}\ntrain: {<<: *f}\n`;
    expect(await problems(wrong)).toEqual([
      expect.stringMatching(/^7:13 unknown-key: train.maxTokens is not a key of train/),
    ]);
  });

  it('does not let aliases multiply into gigabytes, nor miss their anchors', async () => {
    const bomb = ['a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]'];
    for (let level = 1; level < 9; level += 1) {
      const before = String.fromCharCode(96 + level);
      const name = String.fromCharCode(97 + level);
      bomb.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(', ')}]`);
    }
    expect(await problems(bomb.join('\n'))).toEqual([expect.stringContaining('recipe-syntax')]);
    expect(await problems(`${MINIMAL}seed: *nothing\n`)).toEqual([expect.stringContaining('recipe-syntax')]);
  });
});

describe('rules across keys', () => {
  it('name both places', async () => {
    const text = `${MINIMAL}engine:\n  args:\n    max_model_len: 512\nfilter: {maxTokens: 600}\nevaluate: {maxTokens: 128}\nvideo: {minTokensPerFrame: 20, maxTokensPerFrame: 10}\n`;
    expect(await problems(text)).toEqual([
      '10:21 contradiction: filter.maxTokens is 600, which leaves no room for a prompt in engine.args.max_model_len (512) (engine.args.max_model_len: line 9) | lower the one or raise the other',
      '12:28 contradiction: video.minTokensPerFrame is 20, more than video.maxTokensPerFrame (10): no frame fits (video.maxTokensPerFrame: line 12)',
    ]);
  });

  it('stand where something is written when the other value is a default', async () => {
    expect(await problems(`${MINIMAL}engine: {args: {max_model_len: 3000}}\n`)).toEqual([
      '7:32 contradiction: evaluate.maxTokens is 4096, which leaves no room for a prompt in engine.args.max_model_len (3000) | lower the one or raise the other',
    ]);
  });

  it('want benchmarks told apart, and training to have data', async () => {
    const twice = MINIMAL.replace('benchmarks: [', 'benchmarks: [{name: one, path: one.jsonl}, ');
    expect(await problems(twice)).toEqual([
      '6:53 duplicate-name: two entries of data.benchmarks have the name "one"; prompts are told apart by it (data.benchmarks[0]: line 6) | give each a name of its own',
    ]);
    const none = MINIMAL.replace('  train: [{path: train.jsonl}]\n', '');
    expect(await problems(none)).toEqual([
      expect.stringContaining('no-training-data: data.train is empty, but filter.enabled is true'),
    ]);
    expect(await problems(`${none}filter: {enabled: false}\ntrain: {enabled: false}\n`)).toEqual([]);
  });

  it('want a server named, and nothing asked of it that it cannot do', async () => {
    const served = `${MINIMAL}train: {enabled: false}\n`;
    const server = 'server: {url: "http://127.0.0.1:8000/v1"}';
    expect(await problems(`${served}engine: {kind: openai, ${server}}\n`)).toEqual([]);
    expect(await problems(`${served}engine: {kind: openai}\n`)).toEqual([
      '8:16 contradiction: engine.kind is openai, but engine.server does not say where the server is | add engine.server: { url: http://127.0.0.1:8000/v1 }',
    ]);
    expect(await problems(`${served}engine: {${server}}\n`)).toEqual([
      '8:10 contradiction: engine.server names a server, but engine.kind is vllm | set engine.kind to openai',
    ]);
    const asked = `${MINIMAL}engine: {kind: openai, args: {max_num_seqs: 8}, ${server}}\nevaluate: {thinkBudget: 9}\n`;
    expect((await problems(asked)).map((line) => line.split(' (')[0]?.split(' | ')[0])).toEqual([
      expect.stringContaining('train.enabled is true, but a server takes no trained weights'),
      '7:24 contradiction: engine.args are for the engine that vauto starts; a server has been given its own',
      expect.stringContaining('evaluate.thinkBudget needs the engine that vauto starts'),
    ]);
    const [unsafe, key] = [server.replace('http:', 'file:'), server.replace('}', ', apiKeyEnv: sk-1234}')];
    for (const wrong of [unsafe, key])
      expect(await problems(`${served}engine: {kind: openai, ${wrong}}\n`)).toEqual([
        expect.stringContaining('invalid-value: engine.server.'),
      ]);
  });

  it('want the budget of the rule that spends one, and a threshold that can be reached', async () => {
    expect(await problems(`${MINIMAL}sweep: {rule: token-budget}\n`)).toEqual([
      '7:15 contradiction: sweep.rule is token-budget, but sweep.budget is not given | add sweep.budget, in mean generated tokens',
    ]);
    expect(await problems(`${MINIMAL}sweep: {rule: token-budget, budget: 30}\n`)).toEqual([]);
    expect(await problems(`${MINIMAL}evaluate: {threshold: 0}\n`)).toEqual([
      expect.stringContaining('it must be above 0; the policy never takes every first answer'),
    ]);
  });

  it('want the rollouts of a step cut into whole batches', async () => {
    expect(await problems(`${MINIMAL}train: {trl: {per_device_train_batch_size: 7}}\n`)).toEqual([
      '7:44 contradiction: train.trl.per_device_train_batch_size is 7, which does not divide the 64 rollouts of a step | choose a divisor of promptsPerStep × groupSize (8 × 8)',
    ]);
  });

  it('want them shared out evenly among the processes', async () => {
    expect(await problems(`${MINIMAL}train: {processes: 3}\n`)).toEqual([
      '7:20 contradiction: train.processes is 3, which does not divide the 64 rollouts of a step | choose a divisor of promptsPerStep × groupSize (8 × 8)',
    ]);
    expect(await problems(`${MINIMAL}train: {processes: 2, trl: {per_device_train_batch_size: 64}}\n`)).toEqual([
      '7:58 contradiction: train.trl.per_device_train_batch_size is 64, which does not divide the 32 rollouts of a step in one process (train.processes: line 7) | choose a divisor of promptsPerStep × groupSize / processes',
    ]);
    expect(await problems(`${MINIMAL}train: {processes: 2, trl: {per_device_train_batch_size: 8}}\n`)).toEqual([]);
    expect(await problems(`${MINIMAL}train: {processes: 3, enabled: false}\n`)).toEqual([]);
  });

  it('still speak when another section is broken', async () => {
    const found = await problems(`${MINIMAL}nonsense: 1\nevaluate: {policies: [auto, auto]}\n`);
    expect(found.map((text) => text.split(' ')[1])).toEqual(['unknown-key:', 'duplicate-name:']);
  });
});

describe('files that the recipe names', () => {
  it('must be there; the nearest name is offered', async () => {
    const text = MINIMAL.replace('path: train.jsonl', 'path: trian.jsonl').replace('path: model', 'path: ./modle');
    const found = await problems(text);
    expect(found[0]).toMatch(
      /^3:15 missing-file: model.path is ".\/modle", but there is no folder .*\/modle \| did you mean ".\/model"\?$/,
    );
    expect(found[1]).toMatch(
      /^5:18 missing-file: data.train\[0\].path is "trian.jsonl", but there is no file .*did you mean "train.jsonl"\?$/,
    );
  });

  it('are looked for beside it: the configuration of accelerate', async () => {
    const text = `${MINIMAL}train: {accelerate: zero.yaml}\n`;
    expect(await problems(text)).toEqual([
      expect.stringMatching(/^7:21 missing-file: train.accelerate is "zero.yaml", but there is no file/),
    ]);
    const loaded = await load(text, [], { 'zero.yaml': 'distributed_type: DEEPSPEED\n' });
    const file = join(dirname(loaded.file), 'zero.yaml');
    expect(await readAccelerateFile(loaded)).toEqual({ file, text: 'distributed_type: DEEPSPEED\n' });
    expect(await readAccelerateFile(await load(MINIMAL))).toBeUndefined();
  });

  it('take a mistyped folder beside the recipe for a path, not for a hub id', async () => {
    const found = await problems(MINIMAL.replace('path: model', 'path: tiny/modle'), [], {
      'tiny/model/config.json': '{}',
    });
    expect(found).toEqual([expect.stringContaining('did you mean "tiny/model"?')]);
  });

  it('must be of the right kind', async () => {
    const found = await problems(MINIMAL.replace('path: model', 'path: data'), [], { 'data/x': '' });
    expect(found).toEqual([
      expect.stringMatching(/^3:15 not-a-model: model.path is "data", a folder without config.json/),
    ]);
    expect(await problems(MINIMAL.replace('train.jsonl', 'model'))).toEqual([
      expect.stringContaining('which is a folder; a file is needed'),
    ]);
  });
});

describe('--set', () => {
  it('overrides values, typed as YAML', async () => {
    const sets = [
      'train.steps=3',
      'train.trl.loss_type=dapo',
      'data.train[0].limit=5',
      'evaluate.policies=[auto]',
      'name="7"',
      'train.learningRate=1e-4',
    ];
    const { recipe } = await load(MINIMAL, sets);
    expect(recipe.train).toMatchObject({ steps: 3, learningRate: 1e-4, trl: { loss_type: 'dapo' } });
    expect(recipe.data.train[0]?.limit).toBe(5);
    expect(recipe.evaluate.policies).toEqual(['auto']);
    expect(recipe.name).toBe('7');
  });

  it('is the place of what is wrong with it', async () => {
    expect(
      await problems(MINIMAL, ['train.groupSize=1', 'train.step=5', 'seed', 'seed.x=1', 'data.train.5.limit=1']),
    ).toEqual([
      '--set #1 invalid-value: train.groupSize is 1; a group needs at least 2 rollouts (its advantage is 0 otherwise)',
      expect.stringMatching(
        /^--set #2 unknown-key: train.step is not a key of train \| did you mean "steps"\? allowed: enabled, /,
      ),
      '--set #3 invalid-override: "seed" sets nothing | write --set path=value, such as --set train.steps=20',
      '--set #4 invalid-value: seed is a map; a number is needed',
      expect.stringContaining('--set #5 invalid-override: data.train is a list of 1'),
    ]);
  });

  it('cannot reach into objects of the language', async () => {
    expect(await problems(MINIMAL, ['__proto__.polluted=1'])).toEqual([
      expect.stringContaining('is no path of a recipe'),
    ]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('engine and TRL arguments', () => {
  it('that have a key of their own, are code, or are decided by vauto are refused', async () => {
    const text = `${MINIMAL}engine:\n  args:\n    seed: 1\n    worker_cls: my.Worker\n    hf_overrides: {trust_remote_code: true}\ntrain:\n  trl: {learning_rate: 1e-5, output_dir: /tmp/x}\n`;
    expect(await problems(text)).toEqual([
      '9:5 argument-elsewhere: engine.args.seed has a key of its own in the recipe | write seed instead',
      '10:5 recipe-code: engine.args.worker_cls names code to run, which no recipe may | remove it',
      '11:20 argument-elsewhere: engine.args.hf_overrides.trust_remote_code has a key of its own in the recipe | write model.trustRemoteCode instead',
      '13:9 argument-elsewhere: train.trl.learning_rate has a key of its own in the recipe | write train.learningRate instead',
      '13:30 argument-decided: train.trl.output_dir is decided by vauto | remove it',
    ]);
  });

  it('that the installed versions do not know are refused with their place', async () => {
    const { recipe } = await load(`${MINIMAL}engine:\n  args: {max_model_length: 512}\n`, ['train.trl.epsilon_hi=0.3']);
    const known = { engine: ['max_model_len', 'dtype'], trl: ['epsilon_high', 'loss_type'] };
    expect(unknownArguments(recipe, known)?.errors.map(summary)).toEqual([
      '8:10 unknown-argument: engine.args.max_model_length is not an argument of the installed vLLM | did you mean "max_model_len"? allowed: max_model_len, dtype',
      '--set #1 unknown-argument: train.trl.epsilon_hi is not a field of the installed TRL\'s GRPOConfig | did you mean "epsilon_high"? allowed: epsilon_high, loss_type',
    ]);
    expect(unknownArguments(recipe, { engine: ['max_model_length'], trl: ['epsilon_hi'] })).toBeUndefined();
  });
});

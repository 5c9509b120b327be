import type { Problem } from './finder.js';
import { type Path, pathText } from './place.js';
import { adaptThinkRules } from './rules-adapt-think.js';
import { ENGINE_RULES } from './rules-engine.js';
import type { Recipe } from './schema.js';

export type Rule = (recipe: Partial<Recipe>) => Problem[];

/** Problems that only show when several keys are read together; rules whose sections are broken stay silent. */
export function crossFieldProblems(recipe: Partial<Recipe>): Problem[] {
  return RULES.flatMap((rule) => rule(recipe));
}

const RULES: readonly Rule[] = [
  ...ENGINE_RULES,
  trainingNeedsData,
  namesAreUnique('benchmarks'),
  namesAreUnique('train'),
  limitsAgree,
  badRowsHaveOneRule,
  frameSizesAgree,
  policiesAreUnique,
  twoAnswersAreBoxed,
  budgetIsGiven,
  engineSamplesPlainly,
  roundsAreWhole,
  onlyTheEngineCan,
  whoWorksAheadIsAwake,
  processesDivideSteps,
  batchesDivideSteps,
  ...adaptThinkRules,
];

function trainingNeedsData({ data, filter, train }: Partial<Recipe>): Problem[] {
  if (!data || data.train.length > 0) return [];
  const user = filter?.enabled ? 'filter' : train?.enabled ? 'train' : undefined;
  if (user === undefined) return [];
  const message = `data.train is empty, but ${user}.enabled is true`;
  return [
    {
      code: 'no-training-data',
      path: ['data', 'train'],
      atKey: true,
      message,
      fix: 'name a manifest in data.train, or set filter.enabled and train.enabled to false',
    },
  ];
}

function namesAreUnique(list: 'train' | 'benchmarks'): Rule {
  return ({ data }) => {
    const seen = new Map<string, number>();
    return (data?.[list] ?? []).flatMap((entry, index) => {
      const name = entryName(entry);
      const first = seen.get(name);
      if (first === undefined) {
        seen.set(name, index);
        return [];
      }
      const path: Path = entry.name === undefined ? ['data', list, index] : ['data', list, index, 'name'];
      const message = `two entries of data.${list} have the name "${name}"; prompts are told apart by it`;
      return [
        { code: 'duplicate-name', path, message, other: ['data', list, first], fix: 'give each a name of its own' },
      ];
    });
  };
}

/** Name of a data entry: its own, or the manifest's name without its endings. */
export function entryName(entry: { readonly name?: string | undefined; readonly path: string }): string {
  const file = entry.path.split(/[\\/]/).at(-1) ?? entry.path;
  return entry.name ?? file.replace(/\.(gz|zst)$/i, '').replace(/\.[^.]+$/, '');
}

function limitsAgree({ data }: Partial<Recipe>): Problem[] {
  return (['train', 'benchmarks'] as const).flatMap((list) =>
    (data?.[list] ?? []).flatMap(({ limit, minimum }, index): Problem[] => {
      if (limit === undefined || minimum === undefined || minimum <= limit) return [];
      const path = ['data', list, index, 'minimum'];
      return [contradiction(path, minimum, ['data', list, index, 'limit'], limit, 'can never be reached')];
    }),
  );
}

function badRowsHaveOneRule({ data }: Partial<Recipe>): Problem[] {
  return (data?.train ?? []).flatMap(({ onError, maxRejected }, index): Problem[] => {
    if (onError !== 'skip' || maxRejected === undefined) return [];
    const path = ['data', 'train', index, 'maxRejected'];
    const message = `${pathText(path)} is a limit, but onError: skip leaves out any number of bad rows`;
    return [
      { code: 'contradiction', path, other: ['data', 'train', index, 'onError'], message, fix: 'give one of the two' },
    ];
  });
}

function frameSizesAgree({ video }: Partial<Recipe>): Problem[] {
  if (!video) return [];
  const { minTokensPerFrame: min, maxTokensPerFrame: max, totalTokens: total } = video;
  const problems: Problem[] = [];
  if (min > max)
    problems.push(
      contradiction(['video', 'minTokensPerFrame'], min, ['video', 'maxTokensPerFrame'], max, 'no frame fits'),
    );
  // Two frames share one temporal patch, so the smallest video costs the tokens of one frame.
  if (min > total)
    problems.push(contradiction(['video', 'minTokensPerFrame'], min, ['video', 'totalTokens'], total, 'no video fits'));
  return problems;
}

function contradiction(path: Path, value: number, other: Path, bound: number, so: string): Problem {
  return {
    code: 'contradiction',
    path,
    other,
    message: `${pathText(path)} is ${value}, more than ${pathText(other)} (${bound}): ${so}`,
  };
}

function policiesAreUnique({ evaluate }: Partial<Recipe>): Problem[] {
  const policies = evaluate?.policies ?? [];
  return policies.flatMap((policy, index) =>
    policies.indexOf(policy) === index
      ? []
      : [
          {
            code: 'duplicate-name',
            path: ['evaluate', 'policies', index],
            message: `the policy "${policy}" stands in the list twice`,
            fix: 'keep one',
          },
        ],
  );
}

/** Two answers are told apart by their boxes. */
function twoAnswersAreBoxed({ prompting }: Partial<Recipe>): Problem[] {
  if (prompting?.mode !== 'answer-twice' || prompting.parsers.join() === 'box') return [];
  return [
    {
      code: 'contradiction',
      path: ['prompting', 'parsers'],
      message: `prompting.parsers is [${prompting.parsers.join(', ')}], but in the mode answer-twice both answers are boxes`,
      other: ['prompting', 'mode'],
      fix: 'leave prompting.parsers out, or set prompting.mode to cot, direct or adapt-think',
    },
  ];
}

/** The engine's log-probs are those at temperature 1; at another one the correction for them would be wrong. */
function engineSamplesPlainly({ train }: Partial<Recipe>): Problem[] {
  if (train?.generation !== 'engine' || train.temperature === 1) return [];
  const message = `train.temperature is ${train.temperature}, but with train.generation engine it must be 1`;
  const fix = 'set train.temperature to 1, or train.generation to transformers';
  return [{ code: 'contradiction', path: ['train', 'temperature'], other: ['train', 'generation'], message, fix }];
}

/** The rollouts of a round are not kept, so that a training can only be taken up again where one ends. */
function roundsAreWhole({ train }: Partial<Recipe>): Problem[] {
  if (!train?.enabled || train.saveEvery % train.stepsPerRound === 0) return [];
  const message = `train.saveEvery is ${train.saveEvery}, which is not a multiple of train.stepsPerRound (${train.stepsPerRound}): checkpoints are made where a round ends`;
  const fix = `set train.saveEvery to ${Math.ceil(train.saveEvery / train.stepsPerRound) * train.stepsPerRound}`;
  return [{ code: 'contradiction', path: ['train', 'saveEvery'], other: ['train', 'stepsPerRound'], message, fix }];
}

function onlyTheEngineCan({ train }: Partial<Recipe>): Problem[] {
  if (train === undefined || train.generation === 'engine') return [];
  const asked = (['ahead', 'dynamicSampling', 'sleep'] as const).filter((key) =>
    key === 'sleep' ? train.sleep === 'on' : Boolean(train[key]),
  );
  return asked.map((key) => ({
    code: 'contradiction',
    path: ['train', key],
    other: ['train', 'generation'],
    message: `train.${key}${key === 'sleep' ? ' on' : ''} needs rollouts of the engine, but train.generation is ${train.generation}`,
    fix: `remove train.${key}, or set train.generation to engine`,
  }));
}

/** Rollouts made during the steps need an engine that is awake during the steps. */
function whoWorksAheadIsAwake({ train }: Partial<Recipe>): Problem[] {
  if (!train?.ahead || train.sleep !== 'on') return [];
  const message = 'train.sleep is on, but with train.ahead the engine generates while the trainer takes its steps';
  const fix = 'remove train.sleep or train.ahead';
  return [{ code: 'contradiction', path: ['train', 'sleep'], other: ['train', 'ahead'], message, fix }];
}

function budgetIsGiven({ sweep }: Partial<Recipe>): Problem[] {
  if (sweep?.rule !== 'token-budget' || sweep.budget !== undefined) return [];
  const message = 'sweep.rule is token-budget, but sweep.budget is not given';
  return [
    { code: 'contradiction', path: ['sweep', 'rule'], message, fix: 'add sweep.budget, in mean generated tokens' },
  ];
}

/** Each process takes as many rollouts of a step; groups may be cut. */
function processesDivideSteps({ train }: Partial<Recipe>): Problem[] {
  if (!train?.enabled) return [];
  const { processes, promptsPerStep, groupSize } = train;
  const rollouts = promptsPerStep * groupSize;
  if (rollouts % processes === 0) return [];
  const message = `train.processes is ${processes}, which does not divide the ${rollouts} rollouts of a step`;
  const fix = `choose a divisor of promptsPerStep × groupSize (${promptsPerStep} × ${groupSize})`;
  return [{ code: 'contradiction', path: ['train', 'processes'], message, fix }];
}

/** TRL cuts a process's rollouts of a step into batches of one size; batches may not be left over. */
function batchesDivideSteps({ train }: Partial<Recipe>): Problem[] {
  const size = train?.trl.per_device_train_batch_size;
  if (!train?.enabled || typeof size !== 'number') return [];
  const rollouts = (train.promptsPerStep * train.groupSize) / train.processes;
  // Rollouts that the processes cannot share out are a problem of its own.
  if (rollouts % size === 0 || !Number.isInteger(rollouts)) return [];
  if (train.processes > 1) return [batchesPerProcess(size, rollouts)];
  const path = ['train', 'trl', 'per_device_train_batch_size'];
  const message = `${pathText(path)} is ${size}, which does not divide the ${rollouts} rollouts of a step`;
  const fix = `choose a divisor of promptsPerStep × groupSize (${train.promptsPerStep} × ${train.groupSize})`;
  return [{ code: 'contradiction', path, message, fix }];
}

function batchesPerProcess(size: number, rollouts: number): Problem {
  const path = ['train', 'trl', 'per_device_train_batch_size'];
  const message = `${pathText(path)} is ${size}, which does not divide the ${rollouts} rollouts of a step in one process`;
  const fix = 'choose a divisor of promptsPerStep × groupSize / processes';
  return { code: 'contradiction', path, other: ['train', 'processes'], message, fix };
}

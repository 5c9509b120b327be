import type { Problem } from './finder.js';
import { type Path, pathText } from './place.js';
import { adaptThinkRules } from './rules-adapt-think.js';
import type { Recipe } from './schema.js';

export type Rule = (recipe: Partial<Recipe>) => Problem[];

/** Problems that only show when several keys are read together; rules whose sections are broken stay silent. */
export function crossFieldProblems(recipe: Partial<Recipe>): Problem[] {
  return RULES.flatMap((rule) => rule(recipe));
}

const RULES: readonly Rule[] = [
  trainingNeedsData,
  namesAreUnique('benchmarks'),
  namesAreUnique('train'),
  limitsAgree,
  badRowsHaveOneRule,
  frameSizesAgree,
  policiesAreUnique,
  twoAnswersAreBoxed,
  serverIsNamed,
  serverKeepsItsWeights,
  replayIsRecorded,
  budgetIsGiven,
  engineSamplesPlainly,
  roundsAreWhole,
  onlyTheEngineCan,
  whoWorksAheadIsAwake,
  completionsFit,
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

/** The kind of the engine and the section about it go together. */
function serverIsNamed({ engine }: Partial<Recipe>): Problem[] {
  if (!engine || (engine.kind === 'openai') === (engine.server !== undefined)) return [];
  const kind: Path = ['engine', 'kind'];
  if (engine.server === undefined) {
    const message = 'engine.kind is openai, but engine.server does not say where the server is';
    return [
      { code: 'contradiction', path: kind, message, fix: 'add engine.server: { url: http://127.0.0.1:8000/v1 }' },
    ];
  }
  const message = `engine.server names a server, but engine.kind is ${engine.kind}`;
  return [
    {
      code: 'contradiction',
      path: ['engine', 'server'],
      atKey: true,
      message,
      other: kind,
      fix: 'set engine.kind to openai',
    },
  ];
}

/** Recorded rollouts have a file, and train nothing. */
function replayIsRecorded({ engine, train }: Partial<Recipe>): Problem[] {
  if (!engine) return [];
  const other: Path = ['engine', 'kind'];
  const replay = engine.kind === 'replay';
  const problems: Problem[] = [];
  if (replay !== (engine.recordings !== undefined)) {
    problems.push(
      replay
        ? {
            code: 'contradiction',
            path: other,
            message: 'engine.kind is replay, but engine.recordings does not say what is replayed',
            fix: 'add engine.recordings: the file that vauto runs export NAME --rollouts FILE has written',
          }
        : {
            code: 'contradiction',
            path: ['engine', 'recordings'],
            atKey: true,
            message: `engine.recordings names recorded rollouts, but engine.kind is ${engine.kind}, which makes its own`,
            other,
            fix: 'set engine.kind to replay',
          },
    );
  }
  if (replay && train?.enabled) {
    problems.push({
      code: 'contradiction',
      path: ['train'],
      atKey: true,
      message: 'train.enabled is true, but recorded rollouts do not change with the weights',
      other,
      fix: 'set train.enabled to false: the rollouts of the trained policy are graded as they were recorded',
    });
  }
  return problems;
}

/** A server that runs already takes no weights, no engine arguments, and forces no tokens. */
function serverKeepsItsWeights({ engine, train, evaluate }: Partial<Recipe>): Problem[] {
  if (engine?.kind !== 'openai') return [];
  const other: Path = ['engine', 'kind'];
  const problem = (path: Path, message: string, fix: string): Problem => {
    return { code: 'contradiction', path, atKey: true, message, other, fix };
  };
  return [
    ...(train?.enabled
      ? [
          problem(
            ['train'],
            'train.enabled is true, but a server takes no trained weights',
            'set train.enabled to false, or engine.kind to vllm',
          ),
        ]
      : []),
    ...(Object.keys(engine.args).length > 0
      ? [
          problem(
            ['engine', 'args'],
            'engine.args are for the engine that vauto starts; a server has been given its own',
            'remove engine.args, or set engine.kind to vllm',
          ),
        ]
      : []),
    ...(evaluate?.thinkBudget === undefined
      ? []
      : [
          problem(
            ['evaluate', 'thinkBudget'],
            'evaluate.thinkBudget needs the engine that vauto starts; a server cannot be made to close its thinking',
            'remove evaluate.thinkBudget, or set engine.kind to vllm',
          ),
        ]),
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

/** A completion must leave room for its prompt in the engine's context. */
function completionsFit({ engine, filter, evaluate }: Partial<Recipe>): Problem[] {
  const context = engine?.args.max_model_len;
  if (typeof context !== 'number') return [];
  const limits: [Path, number | undefined][] = [
    [['filter', 'maxTokens'], filter?.enabled ? filter.maxTokens : undefined],
    [['evaluate', 'maxTokens'], evaluate?.maxTokens],
  ];
  return limits.flatMap(([path, tokens]): Problem[] => {
    if (tokens === undefined || tokens < context) return [];
    const message = `${pathText(path)} is ${tokens}, which leaves no room for a prompt in engine.args.max_model_len (${context})`;
    return [
      {
        code: 'contradiction',
        path,
        message,
        other: ['engine', 'args', 'max_model_len'],
        fix: 'lower the one or raise the other',
      },
    ];
  });
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

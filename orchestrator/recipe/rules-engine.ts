import type { Problem } from './finder.js';
import { type Path, pathText } from './place.js';
import type { Recipe } from './schema.js';

/** Rules about what makes the rollouts. */
export const ENGINE_RULES: readonly ((recipe: Partial<Recipe>) => Problem[])[] = [
  serverIsNamed,
  replayIsRecorded,
  serverKeepsItsWeights,
  completionsFit,
];

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

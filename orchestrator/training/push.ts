import { dirname, join, resolve } from 'node:path';
import type { Worker } from '../bridge/index.js';
import { UserError } from '../errors.js';
import type { StageContext } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';
import type { Store } from '../store/index.js';

/** Repository, visibility and branch. */
export type PushTarget = NonNullable<Recipe['train']['push']>;

/** A trained policy and the run that it is of. */
export interface Pushed {
  readonly store: Store;
  readonly runId: number;
  readonly runName: string;
  /** Folder of the policy. */
  readonly folder: string;
  /** The step whose policy it is. */
  readonly step: number;
}

const KIND = 'push';

/**
 * Uploads a policy to the Hub by a worker, whose environment has the token, and records the commit with the run; its
 * URL. Throws UserError with the cause.
 */
export async function pushPolicy(
  worker: Pick<Worker, 'call'>,
  { store, runId, runName, folder, step }: Pushed,
  target: PushTarget,
  signal?: AbortSignal,
): Promise<string> {
  const { commit_url: url } = await worker.call(
    'hub.push',
    {
      folder,
      repo: target.repo,
      private: target.private,
      ...(target.revision === undefined ? {} : { revision: target.revision }),
      message: `${runName}: policy after step ${step}`,
    },
    signal === undefined ? {} : { signal },
  );
  const message = `the policy after step ${step} was pushed to ${target.repo}: ${url}`;
  store.addEvent(runId, { level: 'info', stage: 'train', kind: KIND, message, data: { ...target, step, url } });
  return url;
}

/**
 * Pushes what a finished training left, where its recipe says so. A push that fails is a warning with the way to repeat
 * it: the training stays done. When the run is started again, one that succeeded is not repeated.
 */
export async function pushTrained(context: StageContext, step: number): Promise<void> {
  const { recipe, store, runId, signal } = context;
  const target = recipe.train.push;
  if (target === undefined || pushedTo(store, runId, target) !== undefined) return;
  const runName = store.listRuns().find(({ id }) => id === runId)?.name ?? recipe.name;
  const policy = { store, runId, runName, folder: join(context.folder, 'policy'), step };
  context.progress.note(`pushing the policy to ${target.repo}`);
  try {
    const url = await pushPolicy(context.trainer(), policy, target, signal);
    context.progress.note(`pushed: ${url}`);
  } catch (error) {
    signal.throwIfAborted();
    const { message } = error as Error;
    const fix = error instanceof UserError && error.fix ? `${error.fix}, then ` : '';
    const data = { ...target, ...(error instanceof UserError ? { code: error.code } : {}) };
    const words = `the policy was not pushed to ${target.repo}: ${message}; ${fix}${pushCommand(runName, target, dirname(store.file))}`;
    context.warn(KIND, words, data);
  }
}

/** The command that pushes the policy of a run later; with the runs folder where it is not the usual one. */
function pushCommand(runName: string, { repo, private: hidden, revision }: PushTarget, runs: string): string {
  const usual = runs === resolve(process.env.VAUTO_RUNS ?? 'runs');
  const more = [...(hidden ? [] : ['--public']), ...(revision === undefined ? [] : ['--revision', revision])];
  return ['vauto runs push', runName, '--repo', repo, ...more, ...(usual ? [] : ['--runs', `'${runs}'`])].join(' ');
}

/** URL of the commit that the run's present policy has in a repository; undefined when it was not pushed there. */
export function pushedTo(store: Store, runId: number, { repo, revision }: PushTarget): string | undefined {
  const done = store.stages(runId).find(({ name }) => name === 'train')?.finishedAt ?? '';
  const pushes = store.events(runId).filter(({ kind, level, at }) => kind === KIND && level === 'info' && at >= done);
  const there = pushes.map(({ data }) => data as PushTarget & { url: string });
  return there.findLast((push) => push.repo === repo && push.revision === revision)?.url;
}

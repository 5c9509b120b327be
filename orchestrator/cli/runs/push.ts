import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import { lockRun } from '../../pipeline/lock.js';
import { openStore, type RunRecord, type Store } from '../../store/index.js';
import { pushPolicy } from '../../training/push.js';
import { printJson, printText } from '../output.js';
import { findRun, withStore } from './open.js';

export interface PushFlags {
  readonly repo: string;
  readonly public?: boolean;
  readonly revision?: string;
  readonly runs: string;
  readonly json?: boolean;
}

/** `vauto runs push RUN`: what `train.push` does after a training, later. A run that is being worked on is refused. */
export async function pushRun(name: string, { repo, revision, runs, json, ...flags }: PushFlags): Promise<void> {
  const { run, policy } = withStore(runs, (store) => {
    const found = findRun(store, name);
    return { run: found, policy: trainedPolicy(store, found) };
  });
  const closers: (() => unknown)[] = [lockRun(run.folder, name)];
  try {
    const { openBridge } = await import('../../bridge/index.js');
    const { ensureEnvironment } = await import('../../environment/index.js');
    const python = await ensureEnvironment({ onProgress: (message) => process.stderr.write(`${message}\n`) });
    const bridge = openBridge(python);
    closers.unshift(() => bridge.close());
    const store = openStore(join(resolve(runs), 'vauto.db'));
    closers.unshift(() => store.close());
    const target = { repo, private: flags.public !== true, ...(revision === undefined ? {} : { revision }) };
    const url = await pushPolicy(bridge.worker('hub'), { store, runId: run.id, runName: name, ...policy }, target);
    if (json) printJson({ run: name, repo, step: policy.step, url });
    else printText(url);
  } finally {
    for (const close of closers) await close();
  }
}

/** Throws UserError when the run has no trained policy, or no longer. */
function trainedPolicy(store: Store, { id, name, folder }: RunRecord): { folder: string; step: number } {
  const trained = store.stages(id).find((stage) => stage.name === 'train' && stage.status === 'done');
  const policy = store.artifacts(id).find((artifact) => artifact.name === 'policy');
  if (trained === undefined || policy === undefined)
    throw new UserError({
      code: 'not-trained',
      kind: 'usage',
      message: `run ${name} has no finished training, so there is no policy to push`,
      fix: 'go on with it by its vauto run command; vauto runs show says how far it is',
    });
  const place = join(folder, policy.path);
  // Trainings before train.best name only their number of steps.
  const { step, steps } = trained.result as { step?: number; steps: number };
  if (existsSync(place)) return { folder: place, step: step ?? steps };
  throw new UserError({
    code: 'policy-gone',
    kind: 'data',
    message: `the policy of run ${name} is no longer in ${place}`,
    fix: 'put the folder back, or train again with --force train',
  });
}

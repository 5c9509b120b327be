import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { UserError } from '../../errors.js';
import { toRecording } from '../../records/index.js';
import type { RunRecord, Store } from '../../store/index.js';
import { printJson, printText } from '../output.js';
import { findRun, openRuns } from './open.js';

export interface ExportFlags {
  readonly rollouts: string;
  readonly stage?: string;
  readonly runs: string;
  readonly json?: boolean;
}

/** `vauto runs export RUN --rollouts FILE`: one line a rollout, in the order of their commit. */
export async function exportRun(name: string, { rollouts, stage, runs, json }: ExportFlags): Promise<void> {
  const file = resolve(rollouts);
  const store = openRuns(runs);
  const count = await writeRollouts(store, findRun(store, name), file, stage).finally(store.close);
  if (json) printJson({ run: name, file, rollouts: count });
  else printText(`${count} rollouts of ${name} written to ${rollouts}\n`);
}

/** Under another name until it is whole. */
async function writeRollouts(store: Store, run: RunRecord, file: string, only: string | undefined): Promise<number> {
  const stages = store.stages(run.id).filter(({ name }) => only === undefined || name === only);
  if (stages.length === 0) {
    throw new UserError({
      code: 'no-such-stage',
      kind: 'usage',
      message: `run ${run.name} has no stage ${only ?? 'yet'}`,
      fix: `see vauto runs show ${run.name}`,
    });
  }
  const partial = `${file}.partial-${process.pid}`;
  const out = createWriteStream(partial, { flags: 'wx' });
  let count = 0;
  try {
    await once(out, 'open');
    for (const { id, name } of stages) {
      for (const { set, pass, rollout } of store.stageRows(id)) {
        count += 1;
        const line = `${JSON.stringify(toRecording({ stage: name, set, pass }, rollout))}\n`;
        if (!out.write(line)) await once(out, 'drain');
      }
    }
    out.end();
    await finished(out);
    await rename(partial, file);
    return count;
  } catch (error) {
    out.destroy();
    await rm(partial, { force: true });
    throw error;
  }
}

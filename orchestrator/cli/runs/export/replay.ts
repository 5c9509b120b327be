import { UserError } from '../../../errors.js';
import { toRecording } from '../../../records/index.js';
import type { RunRecord, Store } from '../../../store/index.js';
import { writeWhole } from './file.js';

/** One line a rollout, in the order of their commit: what `engine.kind: replay` reads. */
export function writeReplay(store: Store, run: RunRecord, file: string, only: string | undefined): Promise<number> {
  const stages = store.stages(run.id).filter(({ name }) => only === undefined || name === only);
  if (stages.length === 0) {
    throw new UserError({
      code: 'no-such-stage',
      kind: 'usage',
      message: `run ${run.name} has no stage ${only ?? 'yet'}`,
      fix: `see vauto runs show ${run.name}`,
    });
  }
  return writeWhole(file, async (write) => {
    let count = 0;
    for (const { id, name } of stages) {
      for (const { set, pass, rollout } of store.stageRows(id)) {
        count += 1;
        await write(`${JSON.stringify(toRecording({ stage: name, set, pass }, rollout))}\n`);
      }
    }
    return count;
  });
}

import type { RunRecord, StageRecord } from '../store/index.js';
import { holderOf } from './lock.js';

/** What is said of a run whose process is gone. */
const DIED = 'its process ended without a word';

/** The run as it stands now: one that is marked running, but that no process works on, was interrupted. */
export function asItStands<Run extends Pick<RunRecord, 'status' | 'folder' | 'reason'>>(run: Run): Run {
  if (run.status !== 'running' || holderOf(run.folder) !== undefined) return run;
  return { ...run, status: 'interrupted', reason: DIED };
}

/** A stage of a run that nobody works on does not run either. */
export function stageAsItStands<Stage extends Pick<StageRecord, 'status'>>(
  run: Pick<RunRecord, 'status'>,
  stage: Stage,
): Stage {
  return stage.status === 'running' && run.status !== 'running' ? { ...stage, status: 'interrupted' } : stage;
}

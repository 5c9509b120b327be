import { holderOf } from '../../pipeline/lock.js';
import type { RunRecord, StageRecord, Store } from '../../store/index.js';

/** What `runs list` and `runs show` say of a run whose process is gone. */
const DIED = 'its process ended without a word';

/** The run as it stands now: one that is marked running, but that no process works on, was interrupted. */
export function asItStands(run: RunRecord): RunRecord {
  if (run.status !== 'running' || holderOf(run.folder) !== undefined) return run;
  return { ...run, status: 'interrupted', reason: DIED };
}

/** A stage of a run that nobody works on does not run either. */
export function stageAsItStands<Stage extends Pick<StageRecord, 'status'>>(run: RunRecord, stage: Stage): Stage {
  return stage.status === 'running' && run.status !== 'running' ? { ...stage, status: 'interrupted' } : stage;
}

/** The command that goes on with a run which ended before its time; null for one that is done or under way. */
export function resumeOf(store: Store, run: RunRecord): string | null {
  if (run.status !== 'interrupted' && run.status !== 'failed') return null;
  const commands = store.events(run.id).filter(({ kind }) => kind === 'command');
  return commands.at(-1)?.message ?? null;
}

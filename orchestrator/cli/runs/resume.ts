import type { RunRecord, Store } from '../../store/index.js';

/** The command that goes on with a run which ended before its time; null for one that is done or under way. */
export function resumeOf(store: Pick<Store, 'events'>, run: Pick<RunRecord, 'id' | 'status'>): string | null {
  if (run.status !== 'interrupted' && run.status !== 'failed') return null;
  const commands = store.events(run.id).filter(({ kind }) => kind === 'command');
  return commands.at(-1)?.message ?? null;
}

import { resolve } from 'node:path';
import { UserError } from '../errors.js';
import { execute } from '../pipeline/execute.js';
import { openSession, type RunProgress, type Session } from '../pipeline/session.js';
import type { StageName } from '../pipeline/stage.js';
import { loadRecipe } from '../recipe/index.js';
import type { BackupOutcome, Store } from '../store/index.js';
import { createInterrupt } from './interrupt.js';
import { printJson } from './output.js';
import { createProgress } from './progress.js';
import { type RunSummary, summariseRun } from './run-summary.js';

export interface RunFlags {
  readonly set: readonly string[];
  readonly until?: StageName;
  readonly force: readonly StageName[];
  readonly retry?: 'errors';
  /** Off: rollouts of earlier stages and runs are not used; default on. */
  readonly cache?: boolean;
  readonly run?: string;
  readonly runs: string;
  readonly json?: boolean;
}

/** `vauto run`: load, check, execute, say where the result lies. */
export async function runRecipe(file: string, flags: RunFlags): Promise<void> {
  const summary = await executeRun(file, flags);
  if (flags.json) printJson(summary.json);
  else process.stdout.write(summary.text);
}

/** Runs a recipe to its end, or to where it is interrupted (which is thrown, with `resume` as the way to go on). */
export async function executeRun(file: string, flags: RunFlags, resume?: string): Promise<RunSummary> {
  const loaded = await loadRecipe(file, { sets: [...flags.set] });
  const runName = flags.run ?? loaded.recipe.name;
  const command = resumeCommand(file, flags);
  const interrupt = createInterrupt(resume ?? command);
  const progress = createProgress({ stream: process.stderr });
  const session = await openSession({
    loaded,
    runsFolder: resolve(flags.runs),
    runName,
    ...(flags.until ? { until: flags.until } : {}),
    force: new Set(flags.force),
    ...(flags.retry ? { retry: flags.retry } : {}),
    noCache: flags.cache === false,
    signal: interrupt.signal,
    progress: (stage): RunProgress => progress.stage(stage),
    command,
  });
  const started = performance.now();
  try {
    await execute(session);
    session.store.setRunStatus(session.runId, 'done');
  } catch (error) {
    noteEnd(session, interrupt.signal.aborted ? 'interrupted' : 'failed', error);
    throw error;
  } finally {
    const note = await keepBackup(session.store);
    if (note !== undefined) process.stderr.write(`${note}\n`);
    await session.close();
    interrupt.dispose();
  }
  return summariseRun(resolve(flags.runs), runName, (performance.now() - started) / 1000);
}

/** The same command again, as it is typed: overrides belong to the recipe, `--force` does not (it would begin anew). */
export function resumeCommand(
  file: string,
  { set, until, run, runs, cache }: Omit<RunFlags, 'force' | 'json'>,
): string {
  const words = ['vauto', 'run', file];
  if (run !== undefined) words.push('--run', run);
  if (runs !== (process.env.VAUTO_RUNS ?? 'runs')) words.push('--runs', runs);
  if (cache === false) words.push('--no-cache');
  if (until !== undefined) words.push('--until', until);
  for (const override of set) words.push('--set', override);
  return commandText(words);
}

/** Words of a command as a shell takes them. */
export function commandText(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

const NOT_KEPT: Partial<Record<BackupOutcome['state'], string>> = {
  'too-large': 'the store is too large to be backed up at each end of a run',
  'no-space': 'the disk has no room for a backup of the store',
};

/** Backs the store up; says why it was not. A backup that fails takes nothing away from the run. */
export async function keepBackup(store: Store): Promise<string | undefined> {
  try {
    const why = NOT_KEPT[(await store.backup()).state];
    return why && `warning: no backup: ${why} (docs/recovery.md)`;
  } catch (error) {
    const { message } = error as Error;
    return `warning: no backup: ${message}${error instanceof UserError && error.fix ? `; ${error.fix}` : ''}`;
  }
}

function noteEnd(session: Session, status: 'interrupted' | 'failed', error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  try {
    session.store.setRunStatus(session.runId, status, reason);
  } catch {
    // Nothing can be written (a full disk): the run keeps the status `running`, which without a process reads as interrupted.
  }
}

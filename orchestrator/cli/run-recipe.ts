import { resolve } from 'node:path';
import { execute } from '../pipeline/execute.js';
import { openSession, type RunProgress } from '../pipeline/session.js';
import type { StageName } from '../pipeline/stage.js';
import { loadRecipe } from '../recipe/index.js';
import { createInterrupt } from './interrupt.js';
import { printJson } from './output.js';
import { createProgress } from './progress.js';
import { summariseRun } from './run-summary.js';

export interface RunFlags {
  readonly set: readonly string[];
  readonly until?: StageName;
  readonly force: readonly StageName[];
  readonly run?: string;
  readonly runs: string;
  readonly json?: boolean;
}

/** `vauto run`: load, check, execute, say where the result lies. */
export async function runRecipe(file: string, flags: RunFlags): Promise<void> {
  const loaded = await loadRecipe(file, { sets: [...flags.set] });
  const runName = flags.run ?? loaded.recipe.name;
  const interrupt = createInterrupt(`vauto run ${file}${flags.run ? ` --run ${flags.run}` : ''}`);
  const progress = createProgress({ stream: process.stderr });
  const session = await openSession({
    loaded,
    runsFolder: resolve(flags.runs),
    runName,
    ...(flags.until ? { until: flags.until } : {}),
    force: new Set(flags.force),
    signal: interrupt.signal,
    progress: (stage): RunProgress => progress.stage(stage),
  });
  const started = Date.now();
  try {
    await execute(session);
    session.store.setRunStatus(session.runId, 'done');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    session.store.setRunStatus(session.runId, interrupt.signal.aborted ? 'interrupted' : 'failed', reason);
    throw error;
  } finally {
    await session.close();
    interrupt.dispose();
  }
  const summary = summariseRun(resolve(flags.runs), runName, (Date.now() - started) / 1000);
  if (flags.json) printJson(summary.json);
  else process.stdout.write(summary.text);
}

import { UserError, UserErrors } from '../../errors.js';
import type { StageName } from '../../pipeline/stage.js';
import { type LoadedRecipe, loadRecipe, loadVariants, type Setting } from '../../recipe/index.js';
import { suggestion } from '../../recipe/suggest.js';
import { OVERALL } from '../../records/index.js';
import { requestedInterruption } from '../interrupt.js';
import { printJson } from '../output.js';
import { commandText, executeRun } from '../run-recipe.js';
import { withStore } from '../runs/open.js';
import { type Cell, checkOver, groupCells, matrixCells } from './cells.js';
import { poolRow } from './pool.js';
import { rowOf } from './rows.js';
import { type Format, pooledTable, runsTable } from './table.js';

export interface MatrixFlags {
  readonly vary: readonly string[];
  /** File with a list of variants. */
  readonly variants?: string;
  /** Varied path whose runs are averaged: one line for all of them. */
  readonly over?: string;
  readonly set: readonly string[];
  readonly until?: StageName;
  /** The benchmark that the table is about; all together by default. */
  readonly benchmark?: string;
  readonly run?: string;
  readonly runs: string;
  readonly json?: boolean;
  readonly format: Format;
}

/** A cell with the run that is made of it, and how that failed. */
interface Finished {
  readonly cell: Cell;
  readonly run: string;
  readonly error: string | null;
}

/**
 * `vauto matrix`: a run for every variant and every combination of the varied values, one after the other, and one table of
 * all. Every recipe is checked before the first run starts; a run that fails does not stop the others; what is done is not
 * done again.
 */
export async function runMatrix(file: string, flags: MatrixFlags): Promise<void> {
  const variants = flags.variants === undefined ? [] : await loadVariants(flags.variants);
  const cells = matrixCells(flags.vary, variants);
  checkOver(flags.over, cells);
  const loaded = await loadAll(file, flags.set, cells);
  checkBenchmark(flags.benchmark, loaded);
  const base = flags.run ?? loaded[0]?.recipe.name ?? 'matrix';
  const finished: Finished[] = [];
  for (const [index, cell] of cells.entries()) {
    const run = `${base}-${cell.suffix}`;
    process.stderr.write(`run ${index + 1} of ${cells.length}: ${run}\n`);
    finished.push({ cell, run, error: await runCell(file, flags, cell, run) });
  }
  printOutcome(finished, flags);
  const failed = finished.filter(({ error }) => error !== null);
  if (failed.length > 0)
    throw new UserError({
      code: 'runs-failed',
      kind: 'check',
      message: `${failed.length} of ${finished.length} runs failed: ${failed.map(({ run }) => run).join(', ')}`,
      fix: 'mend the reason and start the same command again: finished runs are kept',
    });
}

/** Loads every recipe; throws the problems of all of them at once, each told once. */
async function loadAll(file: string, common: readonly string[], cells: readonly Cell[]): Promise<LoadedRecipe[]> {
  const loaded: LoadedRecipe[] = [];
  const problems = new Map<string, UserError>();
  for (const { sets } of cells) {
    try {
      loaded.push(await loadRecipe(file, { sets: [...common, ...sets] }));
    } catch (error) {
      if (!(error instanceof UserErrors)) throw error;
      for (const problem of error.errors) problems.set(JSON.stringify([problem.place, problem.message]), problem);
    }
  }
  if (problems.size > 0) throw new UserErrors([...problems.values()]);
  return loaded;
}

function checkBenchmark(benchmark: string | undefined, loaded: readonly LoadedRecipe[]): void {
  if (benchmark === undefined) return;
  for (const { recipe } of loaded) {
    const names = recipe.data.benchmarks.map(({ name }) => name);
    if (names.includes(benchmark)) continue;
    throw new UserError({
      code: 'unknown-benchmark',
      kind: 'usage',
      message: `--benchmark ${benchmark}: the recipe has no benchmark of this name`,
      fix: suggestion(benchmark, names),
    });
  }
}

/** Runs one recipe to its end; gives the reason when it fails, and throws only an interruption. */
async function runCell(file: string, flags: MatrixFlags, { sets }: Cell, run: string): Promise<string | null> {
  const { runs, until, set } = flags;
  const own = { set: [...set, ...sets.map(textOf)], force: [], run, runs, ...(until === undefined ? {} : { until }) };
  try {
    await executeRun(file, own, resumeCommand(file, flags));
    return null;
  } catch (error) {
    if (requestedInterruption() || !(error instanceof Error)) throw error;
    process.stderr.write(`${run} failed: ${error.message}\n`);
    return error.message;
  }
}

function printOutcome(finished: readonly Finished[], flags: MatrixFlags): void {
  const { over, benchmark = OVERALL, format, json } = flags;
  withStore(flags.runs, (store) => {
    const rows = finished.map(({ run, cell, error }) => rowOf(store, run, cell, benchmark, error));
    if (over === undefined) {
      if (json) printJson({ benchmark, rows });
      else process.stdout.write(runsTable(rows, format));
      return;
    }
    const pooled = groupCells(finished, over).map((group) => poolRow(store, group, over, benchmark));
    if (json) printJson({ benchmark, over, rows: pooled, runs: rows });
    else process.stdout.write(pooledTable(pooled, over, format));
  });
}

/** The same command again, as it is typed. */
function resumeCommand(file: string, flags: MatrixFlags): string {
  const { run, runs, variants, over, until, benchmark } = flags;
  const options = {
    run,
    ...(runs === (process.env.VAUTO_RUNS ?? 'runs') ? {} : { runs }),
    variants,
    over,
    until,
    benchmark,
  };
  const words = ['vauto', 'matrix', file];
  for (const [name, value] of Object.entries(options)) if (value !== undefined) words.push(`--${name}`, value);
  for (const varied of flags.vary) words.push('--vary', varied);
  for (const override of flags.set) words.push('--set', override);
  return commandText(words);
}

function textOf(setting: Setting): string {
  return typeof setting === 'string' ? setting : setting.text;
}

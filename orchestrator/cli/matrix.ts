import { UserError } from '../errors.js';
import { loadRecipe } from '../recipe/index.js';
import { OVERALL } from '../records/index.js';
import { requestedInterruption } from './interrupt.js';
import { type Cell, matrixCells } from './matrix-cells.js';
import { formatTable, printJson } from './output.js';
import { executeRun } from './run-recipe.js';
import { sweepChoice } from './runs/choice.js';
import { withStore } from './runs/open.js';

export interface MatrixFlags {
  readonly vary: readonly string[];
  readonly set: readonly string[];
  readonly run?: string;
  readonly runs: string;
  readonly json?: boolean;
}

/** A line of the table; numbers are null when the run failed before it had them. */
export interface MatrixRow {
  readonly run: string;
  readonly values: Cell['values'];
  readonly status: string;
  readonly accuracy: Readonly<Record<'never' | 'always' | 'auto', number | null>>;
  /** Change of the sampled accuracy by training. */
  readonly gain: number | null;
  readonly tokens: Readonly<Record<'always' | 'auto', number | null>>;
  /** Chosen by the sweep; the accuracy is of held-out questions. */
  readonly threshold: number | null;
  readonly heldOutAccuracy: number | null;
  readonly error: string | null;
}

/**
 * `vauto matrix`: a run for every combination of the varied values, one after the other, and one table of all. Every recipe is
 * checked before the first run starts; a run that fails does not stop the others; what is done is not done again.
 */
export async function runMatrix(file: string, flags: MatrixFlags): Promise<void> {
  const cells = matrixCells(flags.vary);
  const loaded = await Promise.all(cells.map(({ sets }) => loadRecipe(file, { sets: [...flags.set, ...sets] })));
  const base = flags.run ?? loaded[0]?.recipe.name ?? 'matrix';
  const rows: MatrixRow[] = [];
  for (const [index, cell] of cells.entries()) {
    const run = `${base}-${cell.suffix}`;
    process.stderr.write(`run ${index + 1} of ${cells.length}: ${run}\n`);
    const error = await executeRun(file, { set: [...flags.set, ...cell.sets], force: [], run, runs: flags.runs }).then(
      () => null,
      (reason: unknown) => {
        if (requestedInterruption() || !(reason instanceof Error)) throw reason;
        process.stderr.write(`${run} failed: ${reason.message}\n`);
        return reason.message;
      },
    );
    rows.push(rowOf(run, cell, flags.runs, error));
  }
  if (flags.json) printJson({ rows });
  else process.stdout.write(tableOf(rows));
  const failed = rows.filter(({ error }) => error !== null);
  if (failed.length > 0)
    throw new UserError({
      code: 'runs-failed',
      kind: 'check',
      message: `${failed.length} of ${rows.length} runs failed: ${failed.map(({ run }) => run).join(', ')}`,
      fix: 'mend the reason and start the same command again: finished runs are kept',
    });
}

function rowOf(name: string, { values }: Cell, runs: string, error: string | null): MatrixRow {
  return withStore(runs, (store) => {
    const run = store.findRun(name);
    const metrics = run === undefined ? [] : store.metrics(run.id).filter(({ stage }) => stage === 'evaluate');
    const find = (policy: string, metric: string) =>
      metrics.find((row) => row.benchmark === OVERALL && row.policy === policy && row.name === metric)?.value ?? null;
    const chosen = run && sweepChoice(store, run.id);
    return {
      run: name,
      values,
      status: run?.status ?? 'failed',
      accuracy: {
        never: find('never', 'accuracy'),
        always: find('always', 'accuracy'),
        auto: find('auto', 'accuracy'),
      },
      gain: find('sampled', 'gain'),
      tokens: { always: find('always', 'tokens'), auto: find('auto', 'tokens') },
      threshold: chosen?.threshold ?? null,
      heldOutAccuracy: chosen?.accuracy ?? null,
      error,
    };
  });
}

function tableOf(rows: readonly MatrixRow[]): string {
  const varied = Object.keys(rows[0]?.values ?? {});
  const percent = (value: number | null) => (value === null ? null : (100 * value).toFixed(1));
  const heads = ['never %', 'always %', 'auto %', 'gain', 'tokens', 'auto', 'τ', 'held out %'];
  const columns = [...varied.map((path) => path.split('.').at(-1) ?? path), ...heads].map((header) => ({
    header,
    align: 'right' as const,
  }));
  const lines = rows.map(({ values, accuracy, gain, tokens, threshold, heldOutAccuracy }) => [
    ...varied.map((path) => JSON.stringify(values[path])),
    percent(accuracy.never),
    percent(accuracy.always),
    percent(accuracy.auto),
    percent(gain),
    tokens.always?.toFixed(1),
    tokens.auto?.toFixed(1),
    threshold?.toFixed(4),
    percent(heldOutAccuracy),
  ]);
  return formatTable(
    [...columns, { header: 'run' }],
    rows.map(({ run }, index) => [...(lines[index] ?? []), run]),
  );
}

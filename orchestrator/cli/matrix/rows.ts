import type { Store } from '../../store/index.js';
import { sweepChoice } from '../runs/choice.js';
import type { Cell } from './cells.js';

/** A run of a matrix; numbers are null when it has none of them. */
export interface MatrixRow {
  readonly run: string;
  readonly variant: string | null;
  readonly values: Cell['values'];
  readonly status: string;
  readonly accuracy: Readonly<Record<'never' | 'always' | 'auto', number | null>>;
  /** Change of the sampled accuracy by training. */
  readonly gain: number | null;
  readonly tokens: Readonly<Record<'always' | 'auto', number | null>>;
  /** Chosen by the sweep over all benchmarks; the accuracy is of held-out questions. */
  readonly threshold: number | null;
  readonly heldOutAccuracy: number | null;
  readonly error: string | null;
}

/** What the store has of a run, on one benchmark or all of them together. */
export function rowOf(store: Store, name: string, cell: Cell, benchmark: string, error: string | null): MatrixRow {
  const run = store.findRun(name);
  const metrics = run === undefined ? [] : store.metrics(run.id).filter(({ stage }) => stage === 'evaluate');
  const find = (policy: string, metric: string) =>
    metrics.find((row) => row.benchmark === benchmark && row.policy === policy && row.name === metric)?.value ?? null;
  const chosen = run && sweepChoice(store, run.id);
  return {
    run: name,
    variant: cell.variant,
    values: cell.values,
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
}

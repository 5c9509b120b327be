import {
  type Evaluated,
  firstRight,
  type Measure,
  type PooledChange,
  pooledChange,
  secondRight,
} from '../../evaluation/gain.js';
import { type Sample, samplesOf } from '../../evaluation/sample.js';
import { benchmarkOf, benchmarkSet, OVERALL } from '../../records/index.js';
import type { Store } from '../../store/index.js';
import type { Cell } from './cells.js';

/** Runs of a matrix that differ only in what is averaged over (seeds); changes by training are null when no run has both evaluations. */
export interface PooledRow {
  readonly variant: string | null;
  /** Values of the other paths that are varied. */
  readonly values: Cell['values'];
  /** Values that are averaged over, of the runs that count. */
  readonly over: readonly unknown[];
  readonly runs: readonly string[];
  /** Runs that are missing: they failed or did not get as far. */
  readonly missing: readonly string[];
  /** Sampled traces where there are any, else greedy ones. */
  readonly pass: string | null;
  /** Accuracy of the first and of the second answer. */
  readonly first: PooledChange | null;
  readonly second: PooledChange | null;
  /** Share of first answers that are the fallback. */
  readonly fallback: PooledChange | null;
  /** Generated tokens of a whole trace. */
  readonly tokens: PooledChange | null;
}

const fallback: Measure = ({ trace }) => Number(trace.fallback);
const tokens: Measure = ({ trace }) => trace.tokens.total;

/** Pools the runs of one group, on one benchmark or all of them together. */
export function poolRow(
  store: Store,
  group: readonly { readonly cell: Cell; readonly run: string }[],
  over: string,
  benchmark: string,
): PooledRow {
  const found = group.map((item) => ({ ...item, evaluated: evaluatedOf(store, item.run, benchmark) }));
  const counted = found.flatMap(({ evaluated, ...item }) => (evaluated ? [{ ...item, evaluated }] : []));
  const all = counted.map(({ evaluated }) => evaluated);
  const pass = all.length === 0 ? null : passOf(all);
  const evaluations = all.map(({ before, after }) => ({ before: ofPass(before, pass), after: ofPass(after, pass) }));
  const change = (measure: Measure) => pooledChange(evaluations, measure) ?? null;
  const [head] = group;
  const { [over]: _pooled, ...values } = head?.cell.values ?? {};
  return {
    variant: head?.cell.variant ?? null,
    values,
    over: counted.map(({ cell }) => cell.values[over]),
    runs: counted.map(({ run }) => run),
    missing: found.filter(({ evaluated }) => !evaluated).map(({ run }) => run),
    pass,
    first: change(firstRight),
    second: change(secondRight),
    fallback: change(fallback),
    tokens: change(tokens),
  };
}

/** The traces of both evaluations of a run; undefined unless both are done. */
function evaluatedOf(store: Store, name: string, benchmark: string): Evaluated | undefined {
  const run = store.findRun(name);
  if (run === undefined) return undefined;
  const done = store.stages(run.id).filter(({ status }) => status === 'done');
  const [before, after] = ['evaluate-before', 'evaluate'].map((stage) => done.find((item) => item.name === stage)?.id);
  if (before === undefined || after === undefined) return undefined;
  const sets = Object.keys(store.ledger(run.id).prompts).filter((set) =>
    benchmark === OVERALL ? benchmarkOf(set) !== set : set === benchmarkSet(benchmark),
  );
  const prompts = new Map(sets.map((set) => [set, store.prompts(run.id, set)]));
  return { before: samplesOf(store, before, prompts), after: samplesOf(store, after, prompts) };
}

function passOf(all: readonly Evaluated[]): string {
  return all.every(({ after }) => after.some(({ pass }) => pass === 'sampled')) ? 'sampled' : 'greedy';
}

function ofPass(samples: readonly Sample[], pass: string | null): Sample[] {
  return samples.filter((sample) => sample.pass === pass);
}

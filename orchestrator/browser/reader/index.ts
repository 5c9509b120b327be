/** Answers every question of the pages from the store, with what it has read kept in memory. It runs in a thread of its own (../thread.ts). */
import { availableParallelism } from 'node:os';
import { LRUCache } from 'lru-cache';
import { openSearch, openStore, openViewer, type ViewedLine } from '../../store/index.js';
import type { CompareAnswer, SweepAt } from '../api/index.js';
import { compareSides, type Side } from './compare.js';
import { Evaluations } from './evaluated.js';
import { facetsOf } from './facets.js';
import { flipsOf } from './flips.js';
import { Ledgers } from './ledgers.js';
import { type LivePlace, liveChanges } from './live.js';
import * as query from './query.js';
import { notFound, Refusal } from './refusal.js';
import { runDetail } from './run-detail.js';
import { type KnownRun, RunRows } from './run-rows.js';
import { listRuns } from './runs.js';
import { sweepAnswer, sweepAt } from './sweep.js';
import { RunTables } from './tables.js';
import { thresholdOfRun } from './threshold.js';
import { traceDetail } from './trace.js';
import { listTraces, searchFor } from './traces.js';

export type Reader = ReturnType<typeof openReader>;
/** Names of the questions. */
export type Question = Exclude<keyof Reader, 'close'>;

const KEPT_COMPARISONS = 50;
/** Threads that share a search with the reader's own. */
const MOST_HELPERS = 3;

/** Opens the store for reading. Throws the UserErrors of `openViewer`. */
export function openReader(file: string) {
  const viewer = openViewer(file);
  const store = openStore(file, { readonly: true });
  const search = openSearch(file, { helpers: Math.min(MOST_HELPERS, availableParallelism() - 1) });
  const rows = new RunRows(viewer);
  const tables = new RunTables(viewer);
  const evaluations = new Evaluations(viewer);
  const ledgers = new Ledgers(store);
  const compared = new LRUCache<string, CompareAnswer['benchmarks']>({ max: KEPT_COMPARISONS });

  const find = (name: string): KnownRun => {
    const known = rows.find(name);
    if (known === undefined)
      throw notFound('unknown-run', `there is no run named ${name}`, 'the page of runs lists them');
    return known;
  };
  const recipeOf = (known: KnownRun): unknown => store.findRun(known.run.name)?.recipe;
  const thresholdHere = (known: KnownRun): number =>
    thresholdOfRun(store, { id: known.run.id, recipe: recipeOf(known) }).value;
  const sideOf = (name: string): Side & { known: KnownRun } => {
    const known = find(name);
    const items = evaluations.of(known, true);
    if (items === undefined)
      throw notFound(
        'no-evaluation',
        `run ${name} has no finished evaluation`,
        'compare it when its stage evaluate is done',
      );
    return { known, items, threshold: thresholdHere(known) };
  };
  /** Of the evaluation, sampled answers and all; null when it is not known. */
  const secondsPerToken = (known: KnownRun): number | null => {
    const seconds = known.stages.find(({ name }) => name === 'evaluate')?.seconds ?? 0;
    const tokens = tables.of(known).tokensOf('evaluate');
    return seconds > 0 && tokens > 0 ? seconds / tokens : null;
  };
  /** `read`: with its tokens, or without. */
  const traceOf = <One extends ViewedLine>(id: number, read: (ids: readonly number[]) => One[]) => {
    const one = read([id])[0];
    const known = one && rows.find(one.runId);
    if (one === undefined || known === undefined) throw notFound('unknown-trace', `there is no trace ${id}`);
    return { one, known };
  };

  return {
    runs: (given: unknown) => listRuns(rows, query.parseQuery(query.runsQuery, given)),
    run: (given: unknown) => {
      const known = find(query.parseQuery(query.runQuery, given).run);
      return runDetail(store, rows, known, ledgers.of(known));
    },
    steps: (given: unknown) => {
      const { run, after } = query.parseQuery(query.stepsQuery, given);
      return { steps: viewer.steps(find(run).run.id, after) };
    },
    events: (given: unknown) => {
      const { run, after, before = Number.MAX_SAFE_INTEGER, limit } = query.parseQuery(query.eventsQuery, given);
      const from = after === undefined ? { before, limit } : { after, limit };
      return { events: viewer.events(find(run).run.id, from) };
    },
    facets: (given: unknown) => {
      const known = find(query.parseQuery(query.runQuery, given).run);
      return facetsOf(tables.of(known), thresholdHere(known));
    },
    traces: (given: unknown) => {
      const asked = query.parseQuery(query.tracesQuery, given);
      const known = find(asked.run);
      return listTraces({ viewer, tables, search }, known, asked, thresholdHere(known));
    },
    trace: (given: unknown) => {
      const { id, ...filter } = query.parseQuery(query.traceQuery, given);
      const { one, known } = traceOf(id, viewer.rollouts);
      const threshold = filter.threshold ?? thresholdHere(known);
      const selected = tables.select(known, filter, threshold, searchFor(search, known, filter.q));
      return traceDetail(one, { viewer, known, recipe: recipeOf(known), threshold, ...selected });
    },
    /** What frames are made from: not for the pages. */
    media: (given: unknown) => {
      const { one, known } = traceOf(query.parseQuery(query.idQuery, given).id, viewer.lines);
      return { media: one.prompt.media, recipe: recipeOf(known) };
    },
    sweep: (given: unknown) => sweepAnswer(store, find(query.parseQuery(query.runQuery, given).run)),
    sweepAt: (given: unknown): SweepAt => {
      const { run, ...asked } = query.parseQuery(query.sweepAtQuery, given);
      const known = find(run);
      const items = evaluations.of(known);
      if (items === undefined) throw notFound('no-sweep', `run ${run} has no finished evaluation`);
      return sweepAt(items, { ...asked, chosen: thresholdHere(known), secondsPerToken: secondsPerToken(known) });
    },
    compare: (given: unknown): CompareAnswer => {
      const { run: names, policy } = query.parseQuery(query.compareQuery, given);
      const sides = names.map(sideOf);
      const key = JSON.stringify([policy, sides.map(({ known, threshold }) => [known.stages, threshold])]);
      const benchmarks = compared.get(key) ?? compareSides(sides, policy);
      compared.set(key, benchmarks);
      return {
        policy,
        runs: sides.map(({ known, threshold }) => ({ ...rows.withReward(known), threshold })),
        benchmarks,
      };
    },
    flips: (given: unknown) => {
      const { run: names, ...asked } = query.parseQuery(query.flipsQuery, given);
      const [before, after] = names;
      if (before === undefined || after === undefined || names.length > 2)
        throw new Refusal(400, 'bad-query', 'run: two of them are compared', '/api/compare/flips?run=A&run=B');
      return flipsOf(viewer, sideOf(before), sideOf(after), asked);
    },
    live: ({ run, place }: { run?: string; place?: LivePlace }) =>
      liveChanges({ store, viewer, rows, ledgers }, run, place),
    close: () => {
      for (const part of [viewer, store, search]) part.close();
    },
  };
}

import type { Store } from '../../store/index.js';
import { type FrontierPoint, pointAt, type SweepResult, type SweepSummary } from '../../sweep/index.js';
import type { SweepAnswer, SweepAt, SweepCurve, SwitchedRow } from '../api/index.js';
import { type Evaluated, sweepRow, taken } from './evaluated.js';
import { notFound } from './refusal.js';
import type { KnownRun } from './run-rows.js';

/** Points of a curve that are drawn. */
const MOST_POINTS = 2000;

type Swept = SweepSummary & Pick<SweepAnswer, 'live'>;

/** GET /api/runs/:run/sweep. Throws Refusal `no-sweep`. */
export function sweepAnswer(store: Store, known: KnownRun): SweepAnswer {
  const { pooled, benchmarks, live } = sweptOf(store, known);
  const each = Object.entries(benchmarks).map(([name, result]) => [name, curveOf(result)] as const);
  return { pooled: curveOf(pooled), benchmarks: Object.fromEntries(each), live: live ?? null };
}

function sweptOf(store: Store, { run }: KnownRun): Swept {
  const stage = store.stages(run.id).find(({ name, status }) => name === 'sweep' && status === 'done');
  if (stage !== undefined) return stage.result as Swept;
  throw notFound('no-sweep', `run ${run.name} has no finished sweep`, 'it comes with the stage sweep of its recipe');
}

function curveOf({ n, points, bands, never, always, chosen, calibration }: SweepResult): SweepCurve {
  return { n, points: thinned(points), bands, never, always, chosen, calibration };
}

function thinned(points: readonly FrontierPoint[]): readonly FrontierPoint[] {
  if (points.length <= MOST_POINTS) return points;
  const last = points.length - 1;
  return Array.from({ length: MOST_POINTS }, (_, place) => {
    const point = points[Math.round((place * last) / (MOST_POINTS - 1))];
    return point as FrontierPoint;
  });
}

interface AtOptions {
  readonly threshold: number;
  readonly chosen: number;
  readonly benchmark?: string | undefined;
  readonly limit: number;
  readonly secondsPerToken: number | null;
}

/** GET /api/runs/:run/sweep/at */
export function sweepAt(all: readonly Evaluated[], options: AtOptions): SweepAt {
  const { threshold, chosen, benchmark, limit, secondsPerToken } = options;
  const items = benchmark === undefined ? all : all.filter((item) => item.benchmark === benchmark);
  if (items.length === 0) throw notFound('no-benchmark', `there is no benchmark ${benchmark ?? ''} in this evaluation`);
  const point = pointAt(items.map(sweepRow), threshold);
  const rows = items.flatMap((item) => switchedRow(item, threshold, chosen) ?? []);
  const number = (change: SwitchedRow['change']) => rows.filter((row) => row.change === change).length;
  return {
    point,
    seconds: secondsPerToken === null ? null : secondsPerToken * point.meanTokens,
    switched: {
      total: rows.length,
      fixed: number('fixed'),
      broken: number('broken'),
      rows: rows.sort(worstFirst).slice(0, limit),
    },
  };
}

function switchedRow(item: Evaluated, threshold: number, chosen: number): SwitchedRow | null {
  const [before, now] = [taken(item, 'auto', chosen), taken(item, 'auto', threshold)];
  if (before.exits === now.exits) return null;
  const { id, promptId, benchmark, confidence } = item;
  const change = before.right === now.right ? 'same' : now.right ? 'fixed' : 'broken';
  return { id, promptId, benchmark, confidence, exits: now.exits, change, tokens: now.tokens };
}

const URGENCY = { broken: 0, fixed: 1, same: 2 };

function worstFirst(a: SwitchedRow, b: SwitchedRow): number {
  return URGENCY[a.change] - URGENCY[b.change] || (b.confidence ?? 0) - (a.confidence ?? 0);
}

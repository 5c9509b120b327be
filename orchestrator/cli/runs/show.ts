import { z } from 'zod';
import { asItStands, stageAsItStands } from '../../pipeline/as-it-stands.js';
import { endsOf } from '../../statistics/index.js';
import type { RunRecord, StageRecord, Store } from '../../store/index.js';
import { printJson, printText } from '../output.js';
import { findRun, withStore } from './open.js';
import { resumeOf } from './resume.js';
import { formatRun } from './show-text.js';

/** Everything that `vauto runs show` tells; `--json` prints it as it is. */
export interface RunView {
  readonly run: Omit<RunRecord, 'id' | 'recipeText'>;
  /** The command that goes on with a run that was interrupted or failed. */
  readonly resume: string | null;
  /** Attempts that count, in order; `earlier` are the superseded ones. */
  readonly stages: readonly Omit<StageRecord, 'id' | 'superseded'>[];
  readonly earlier: readonly Omit<StageRecord, 'id' | 'superseded' | 'result'>[];
  readonly ledger: ReturnType<Store['ledger']>;
  /** Result of the filter: kept, dropped and undecided prompts by source and type, rollouts saved. */
  readonly filter: unknown;
  readonly decisions: ReturnType<Store['decisions']>;
  readonly metrics: ReturnType<Store['metrics']>;
  readonly training: {
    readonly steps: ReturnType<Store['steps']>;
    readonly rewardFirst: number | null;
    readonly rewardLast: number | null;
  };
  /** Result of the sweep stage: frontier, chosen threshold, calibration, pooled and per benchmark. */
  readonly sweep: unknown;
  /** Worst of the last sitting of each stage; null where nothing was measured. */
  readonly usage: {
    readonly seconds: number;
    readonly peakMemoryBytes: number | null;
    readonly engineImportSeconds: number | null;
    readonly engineLoadSeconds: number | null;
  };
  readonly artifacts: ReturnType<Store['artifacts']>;
  readonly warnings: ReturnType<Store['events']>;
}

/** `vauto runs show RUN`. */
export function showRun(name: string, { runs, json }: { runs: string; json?: boolean }): void {
  const view = withStore(runs, (store) => viewOf(store, findRun(store, name)));
  if (json) printJson(view);
  else printText(formatRun(view));
}

export function viewOf(store: Store, stored: RunRecord): RunView {
  const record = asItStands(stored);
  const { id, recipeText: _text, ...run } = record;
  const attempts = store.stages(id, { all: true }).map((stage) => stageAsItStands(record, stage));
  const current = attempts.filter((stage) => !stage.superseded);
  const filter = current.find((stage) => stage.name === 'filter');
  const ledger = store.ledger(id);
  const steps = store.steps(id);
  const events = store.events(id);
  return {
    run,
    resume: resumeOf(store, record),
    stages: current.map(({ id: _id, superseded: _superseded, ...stage }) => stage),
    earlier: attempts
      .filter((stage) => stage.superseded)
      .map(({ id: _id, superseded: _superseded, result: _result, ...stage }) => stage),
    ledger,
    filter: filter?.result ?? null,
    decisions: filter ? store.decisions(filter.id) : [],
    metrics: store.metrics(id),
    training: { steps, ...rewardEnds(steps) },
    sweep: current.find((stage) => stage.name === 'sweep')?.result ?? null,
    usage: usageOf(current, events),
    artifacts: store.artifacts(id),
    warnings: events.filter((event) => event.level !== 'info'),
  };
}

const usageSchema = z.object({
  peakMemoryBytes: z.number().nullable(),
  engineStarts: z.array(z.object({ importSeconds: z.number(), loadSeconds: z.number() })),
});

function usageOf(stages: readonly StageRecord[], events: ReturnType<Store['events']>): RunView['usage'] {
  const latest = new Map(events.filter(({ kind }) => kind === 'usage').map(({ stage, data }) => [stage, data]));
  const usages = stages.flatMap(({ name }) => usageSchema.safeParse(latest.get(name)).data ?? []);
  const starts = usages.flatMap(({ engineStarts }) => engineStarts);
  const most = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : Math.max(...known);
  };
  return {
    seconds: stages.reduce((sum, { seconds }) => sum + seconds, 0),
    peakMemoryBytes: most(usages.map(({ peakMemoryBytes }) => peakMemoryBytes)),
    engineImportSeconds: most(starts.map(({ importSeconds }) => importSeconds)),
    engineLoadSeconds: most(starts.map(({ loadSeconds }) => loadSeconds)),
  };
}

/** Null where no step has a reward. */
function rewardEnds(steps: ReturnType<Store['steps']>) {
  const known = steps.flatMap(({ metrics }) => metrics.reward_mean ?? []);
  if (known.length === 0) return { rewardFirst: null, rewardLast: null };
  const { first, last } = endsOf(known);
  return { rewardFirst: first, rewardLast: last };
}

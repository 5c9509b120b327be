import { useEffect, useMemo, useState } from 'preact/hooks';
import type { LiveEvent, RunDetail, StageView, StepsAnswer } from '../../../api/index.js';
import { type Loaded, useJson } from '../../shared/api.js';
import { useLive } from '../../shared/live.js';
import type { Log } from './use-events.js';

export type Steps = StepsAnswer['steps'];

/** A run as it was loaded, with what the store said of it since. */
export interface LiveRun {
  readonly detail: Loaded<RunDetail>;
  readonly steps: Loaded<Steps>;
}

interface Since {
  readonly run?: RunDetail['run'];
  readonly stages: readonly StageView[];
  readonly ledger?: RunDetail['ledger'];
}

const NOTHING: Since = { stages: [] };

export function useRun(name: string, log: Pick<Log, 'onEvent' | 'reload'>): LiveRun {
  const address = `/api/runs/${encodeURIComponent(name)}`;
  const loaded = useJson<RunDetail>(address);
  const steps = useJson<StepsAnswer>(`${address}/steps`);
  const [since, setSince] = useState(NOTHING);
  const [newSteps, setNewSteps] = useState<Steps>([]);
  const { data, reload } = loaded;
  useEffect(() => setSince(NOTHING), [data]);
  const onEvent = (event: LiveEvent) => {
    log.onEvent(event);
    if (event.type === 'steps') setNewSteps((before) => mergeSteps(before, event.steps));
    if (!data) return;
    setSince((before) => take(before, event, data));
    if (isTurn(event, data)) reload();
  };
  const onGap = () => {
    for (const part of [loaded, steps, log]) part.reload();
  };
  useLive(name, onEvent, onGap);
  const detail = useMemo(() => data && { ...data, ...join(data, since) }, [data, since]);
  const all = useMemo(() => steps.data && mergeSteps(steps.data.steps, newSteps), [steps.data, newSteps]);
  return { detail: { ...loaded, data: detail }, steps: { ...steps, data: all } };
}

function take(since: Since, event: LiveEvent, { run }: RunDetail): Since {
  if (event.type === 'ledger') return { ...since, ledger: event.ledger };
  if (event.type === 'stages') return { ...since, stages: mergeStages(since.stages, event.stages) };
  const row = event.type === 'runs' ? event.runs.find(({ name }) => name === run.name) : undefined;
  return row ? { ...since, run: { ...run, ...row } } : since;
}

function join(detail: RunDetail, { run, stages, ledger }: Since) {
  return { run: run ?? detail.run, stages: mergeStages(detail.stages, stages), ledger: ledger ?? detail.ledger };
}

/** Whether a stage or the run came to another state: filter, evaluation, artifacts and the way on are others then. */
function isTurn(event: LiveEvent, { run, stages }: RunDetail): boolean {
  if (event.type === 'runs') {
    const changed = event.runs.some(({ name, status }) => name === run.name && status !== run.status);
    return changed || event.removed.includes(run.name);
  }
  if (event.type !== 'stages') return false;
  const known = new Map(stages.map((stage) => [keyOf(stage), stage.status]));
  return event.stages.some((stage) => known.get(keyOf(stage)) !== stage.status);
}

function keyOf({ name, attempt }: StageView): string {
  return `${name} ${attempt}`;
}

function mergeStages(before: readonly StageView[], changed: readonly StageView[]): StageView[] {
  const merged = new Map(before.map((stage) => [keyOf(stage), stage]));
  for (const stage of changed) merged.set(keyOf(stage), stage);
  return [...merged.values()];
}

function mergeSteps(before: Steps, changed: Steps): Steps {
  if (changed.length === 0) return before;
  const merged = new Map(before.map((row) => [row.step, row]));
  for (const row of changed) merged.set(row.step, row);
  return [...merged.values()].sort((one, other) => one.step - other.step);
}

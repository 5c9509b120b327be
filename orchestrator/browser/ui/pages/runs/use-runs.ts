import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { LiveEvent, RunRow, RunsAnswer } from '../../../api/index.js';
import { getJson, type Loaded, Refused } from '../../shared/api.js';
import { useLive } from '../../shared/live.js';
import { addressOfRuns, matches, type Wanted } from './query.js';

/** Rows of the table, page after page, and what the store says of them since. */
export function useRuns(wanted: Wanted): Loaded<RunsAnswer> {
  const [data, setData] = useState<RunsAnswer>();
  const [error, setError] = useState<Refused>();
  const [turn, setTurn] = useState(0);
  const [loading, setLoading] = useState(true);
  const newest = useRef(data);
  newest.current = data;
  const loadedFor = useRef('');
  const key = `${addressOfRuns(wanted, 0)}#${turn}`;
  useEffect(() => {
    const abort = new AbortController();
    const before = loadedFor.current === key ? newest.current : undefined;
    setLoading(true);
    readUpTo(wanted, before, abort.signal, (answer) => {
      loadedFor.current = key;
      setData(answer);
      setError(undefined);
    })
      .catch((problem: unknown) => {
        if (!abort.signal.aborted)
          setError(problem instanceof Refused ? problem : new Refused(0, 'bug', String(problem), undefined));
      })
      .finally(() => !abort.signal.aborted && setLoading(false));
    return () => abort.abort();
  }, [key, wanted.shown]);
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  const later = useDelayed(reload);
  const onEvent = (event: LiveEvent) => {
    if (event.type !== 'runs') return;
    setData((answer) => answer && merge(answer, event));
    if (newest.current && bringsOthers(newest.current, event, wanted)) later();
  };
  useLive(null, onEvent, reload);
  return { data, error, loading, reload };
}

/** Asks for pages until the rows wanted are there; hands over what there is only when it is complete. */
async function readUpTo(
  wanted: Wanted,
  before: RunsAnswer | undefined,
  signal: AbortSignal,
  onAnswer: (answer: RunsAnswer) => void,
): Promise<void> {
  const rows = new Map((before?.runs ?? []).map((row) => [row.name, row]));
  let answer = before;
  while (rows.size < wanted.shown && rows.size < (answer?.total ?? Number.POSITIVE_INFINITY)) {
    answer = await getJson<RunsAnswer>(addressOfRuns(wanted, rows.size), signal);
    if (answer.runs.length === 0) break;
    for (const row of answer.runs) rows.set(row.name, row);
  }
  if (answer) onAnswer({ ...answer, runs: [...rows.values()] });
}

type RunsEvent = Extract<LiveEvent, { type: 'runs' }>;

function merge(answer: RunsAnswer, { runs, removed }: RunsEvent): RunsAnswer {
  const changed = new Map(runs.map((row) => [row.name, row]));
  const kept = answer.runs.filter(({ name }) => !removed.includes(name));
  const gone = answer.runs.length - kept.length;
  return {
    ...answer,
    runs: kept.map((row) => changed.get(row.name) ?? row),
    total: answer.total - gone,
    all: answer.all - gone,
  };
}

/** A run that is not in the table and belongs there: all rows are shown, or it is newer than those shown. */
function bringsOthers({ runs, total }: RunsAnswer, event: RunsEvent, wanted: Wanted): boolean {
  const shown = new Set(runs.map(({ name }) => name));
  const last =
    runs
      .map(({ createdAt }) => createdAt)
      .sort()
      .at(-1) ?? '';
  const belongs = (row: RunRow) =>
    !shown.has(row.name) && matches(row, wanted) && (runs.length >= total || row.createdAt > last);
  return event.runs.some(belongs);
}

/** Calls that follow each other closely are one, half a second after the first. */
function useDelayed(action: () => void): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      action();
    }, 500);
  };
}

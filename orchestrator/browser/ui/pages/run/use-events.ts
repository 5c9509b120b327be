import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { EventsAnswer, LiveEvent } from '../../../api/index.js';
import { addressOf, getJson } from '../../shared/api.js';

/** Lines that are asked for at a time. */
const PAGE = 100;

export type LogLines = EventsAnswer['events'];

export interface Log {
  readonly lines: LogLines;
  /** There are earlier ones that were not asked for yet. */
  readonly hasMore: boolean;
  readonly loading: boolean;
  readonly error: string | undefined;
  readonly more: () => void;
  readonly reload: () => void;
  readonly onEvent: (event: LiveEvent) => void;
}

/** The last lines of a run's log, with what is added to it; earlier ones when they are asked for. */
export function useEvents(name: string): Log {
  const [lines, setLines] = useState<LogLines>([]);
  const [hasMore, setHasMore] = useState(false);
  const [loading, setLoading] = useState(false);
  const [error, setError] = useState<string>();
  const newest = useRef(lines);
  newest.current = lines;
  const load = useCallback(
    (before: number | null) => {
      setLoading(true);
      getJson<EventsAnswer>(addressOf(`/api/runs/${encodeURIComponent(name)}/events`, { before, limit: PAGE }))
        .then(({ events }) => {
          setLines((known) => join(known, events));
          if (before !== null || newest.current.length === 0) setHasMore(events.length >= PAGE);
          setError(undefined);
        })
        .catch((problem: unknown) => setError(problem instanceof Error ? problem.message : String(problem)))
        .finally(() => setLoading(false));
    },
    [name],
  );
  const reload = useCallback(() => load(null), [load]);
  useEffect(reload, [reload]);
  const onEvent = (event: LiveEvent) => {
    if (event.type === 'events') setLines((known) => join(known, event.events));
  };
  return { lines, hasMore, loading, error, more: () => load(newest.current[0]?.id ?? null), reload, onEvent };
}

/** Each line once, in their order. */
function join(known: LogLines, more: LogLines): LogLines {
  const lines = new Map([...known, ...more].map((line) => [line.id, line]));
  return [...lines.values()].sort((one, other) => one.id - other.id);
}

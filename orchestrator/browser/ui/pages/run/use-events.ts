import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { EventsAnswer, LiveEvent } from '../../../api-types.js';
import { addressOf, getJson } from '../../shared/api.js';

/** Lines that are asked for at a time. */
const PAGE = 100;

export type LogLines = EventsAnswer['events'];

export interface Log {
  readonly lines: LogLines;
  /** There are later ones that were not asked for yet. */
  readonly hasMore: boolean;
  readonly loading: boolean;
  readonly error: string | undefined;
  readonly more: () => void;
  readonly onEvent: (event: LiveEvent) => void;
}

/** The log of a run from its beginning; what is added while it is shown in full comes by itself. */
export function useEvents(name: string): Log {
  const [lines, setLines] = useState<LogLines>([]);
  const [hasMore, setHasMore] = useState(false);
  const [loading, setLoading] = useState(false);
  const [error, setError] = useState<string>();
  const newest = useRef(lines);
  newest.current = lines;
  const load = useCallback(
    (after: number | null) => {
      setLoading(true);
      getJson<EventsAnswer>(addressOf(`/api/runs/${encodeURIComponent(name)}/events`, { after, limit: PAGE }))
        .then(({ events }) => {
          setLines((before) => add(after === null ? [] : before, events));
          setHasMore(events.length >= PAGE);
          setError(undefined);
        })
        .catch((problem: unknown) => setError(problem instanceof Error ? problem.message : String(problem)))
        .finally(() => setLoading(false));
    },
    [name],
  );
  useEffect(() => load(null), [load]);
  const onEvent = (event: LiveEvent) => {
    if (event.type === 'events' && !hasMore && !loading) setLines((before) => add(before, event.events));
  };
  return { lines, hasMore, loading, error, more: () => load(newest.current.at(-1)?.id ?? null), onEvent };
}

function add(before: LogLines, more: LogLines): LogLines {
  const last = before.at(-1)?.id ?? Number.NEGATIVE_INFINITY;
  return [...before, ...more.filter(({ id }) => id > last)];
}

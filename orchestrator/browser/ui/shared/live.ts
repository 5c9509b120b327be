import { useEffect, useRef } from 'preact/hooks';
import type { LiveEvent } from '../../api-types.js';
import { addressOf } from './api.js';

/** Calls `onEvent` with what changes in the store, of all runs or of one beside; the browser reconnects by itself. */
export function useLive(run: string | null, onEvent: (event: LiveEvent) => void): void {
  const newest = useRef(onEvent);
  newest.current = onEvent;
  useEffect(() => {
    const source = new EventSource(addressOf('/api/live', { run }));
    source.onmessage = ({ data }) => newest.current(JSON.parse(String(data)) as LiveEvent);
    return () => source.close();
  }, [run]);
}

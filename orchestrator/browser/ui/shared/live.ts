import { useEffect, useRef } from 'preact/hooks';
import type { LiveEvent } from '../../api/index.js';
import { addressOf } from './api.js';

/**
 * Calls `onEvent` with what changes in the store, of all runs or of one beside. The browser connects again by itself; what changed
 * meanwhile was missed, so `onGap` is to read everything again.
 */
export function useLive(run: string | null, onEvent: (event: LiveEvent) => void, onGap: () => void): void {
  const newest = useRef({ onEvent, onGap });
  newest.current = { onEvent, onGap };
  useEffect(() => {
    const source = new EventSource(addressOf('/api/live', { run }));
    let connected = false;
    source.onopen = () => {
      if (connected) newest.current.onGap();
      connected = true;
    };
    source.onmessage = ({ data }) => newest.current.onEvent(JSON.parse(String(data)) as LiveEvent);
    return () => source.close();
  }, [run]);
}

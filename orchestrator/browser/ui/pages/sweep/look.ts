import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { SweepAt } from '../../../api/index.js';
import { addressOf, getJson } from '../../shared/api.js';

/** How long a threshold rests before its address and its numbers are asked for, in ms. */
const REST = 80;
const ADDRESS_REST = 250;

export interface Look {
  readonly run: string;
  /** Null: all benchmarks together. */
  readonly benchmark: string | null;
  /** Null: the chosen one. */
  readonly threshold: number | null;
  readonly setThreshold: (threshold: number) => void;
  readonly setBenchmark: (benchmark: string | null) => void;
}

/** What is looked at; it stands in the address, which follows while a marker is dragged. */
export function useLook(): Look {
  const { query, route } = useLocation();
  const run = useRoute().params.run ?? '';
  const benchmark = query.benchmark || null;
  const [threshold, setThreshold] = useState(() => numberOf(query.threshold));
  const written = useRef(query.threshold);
  useEffect(() => {
    // Another address than the one written here: a link or the back button.
    if (query.threshold === written.current) return;
    written.current = query.threshold;
    setThreshold(numberOf(query.threshold));
  }, [query.threshold]);
  const path = `/runs/${encodeURIComponent(run)}/sweep`;
  const go = (to: string | null) => {
    written.current = threshold === null ? undefined : String(threshold);
    route(addressOf(path, { benchmark: to, threshold }), true);
  };
  useEffect(() => {
    if (threshold === null || String(threshold) === written.current) return;
    const timer = setTimeout(() => go(benchmark), ADDRESS_REST);
    return () => clearTimeout(timer);
  }, [threshold, benchmark, run]);
  return { run, benchmark, threshold, setThreshold, setBenchmark: go };
}

function numberOf(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || text === '' || !Number.isFinite(value) ? null : value;
}

export interface Recomputed {
  readonly at: SweepAt | null;
  /** It is of the threshold asked for. */
  readonly fresh: boolean;
  readonly failed: string | null;
}

/** The numbers of one threshold from the rollouts; asked for when the threshold rests, stale answers are dropped. */
export function useAt(run: string, benchmark: string | null, threshold: number, limit: number): Recomputed {
  const address = addressOf(`/api/runs/${encodeURIComponent(run)}/sweep/at`, { threshold, benchmark, limit });
  const [state, setState] = useState<{ address: string; at: SweepAt | null; failed: string | null } | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      getJson<SweepAt>(address, abort.signal).then(
        (at) => setState({ address, at, failed: null }),
        (error: unknown) => {
          if (abort.signal.aborted) return;
          setState((before) => ({ address, at: before?.at ?? null, failed: String((error as Error).message) }));
        },
      );
    }, REST);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [address]);
  const fresh = state?.address === address;
  return { at: state?.at ?? null, fresh: fresh && state.failed === null, failed: fresh ? state.failed : null };
}

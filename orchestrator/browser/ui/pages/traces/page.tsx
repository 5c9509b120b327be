import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { Facets } from '../../../api/index.js';
import { useJson } from '../../shared/api.js';
import { useLive } from '../../shared/live.js';
import {
  rowsAddress,
  type TraceAddress,
  type TraceQuery,
  tracesPath,
  useTraceAddress,
} from '../../shared/trace-query.js';
import { Blocks } from './blocks.js';
import { Filters } from './filters.js';
import { Grid } from './grid.js';
import { Search } from './search.js';
import { StateLine } from './state-line.js';
import './mark.css';
import './traces.css';

/** The rollouts of a run: filtered, searched, sorted, and read where they are looked at. */
export default function Traces() {
  const address = useTraceAddress();
  const { run } = address;
  const facets = useJson<Facets>(`/api/runs/${encodeURIComponent(run)}/facets`);
  const { blocks, reload } = useBlocks(address);
  const [active, setActive] = useActive(address);
  const [all, setAll] = useState(0);
  useEffect(() => {
    document.title = `Traces of ${run} · vauto`;
  }, [run]);
  useLive(run, (event) => event.type === 'rollouts' && setAll(event.all), reload);
  const { totals, error } = blocks;
  const queryError = error?.status === 400 ? error : undefined;
  return (
    <div class="traces-page">
      <h1 class="hidden">Traces of {run}</h1>
      <div class="tools">
        <Search address={address} totals={totals} error={queryError} />
        <Filters facets={facets.data} address={address} />
      </div>
      <StateLine
        address={address}
        totals={totals}
        active={active}
        onActive={setActive}
        fresh={totals ? Math.max(0, all - totals.all) : 0}
        onReload={() => {
          reload();
          facets.reload();
        }}
      />
      {error && !queryError && (
        <div class="notice error" role="alert">
          <p>{error.message}</p>
          {error.fix && <p class="soft">{error.fix}</p>}
          <button type="button" onClick={() => blocks.again()}>
            Try again
          </button>
        </div>
      )}
      <Grid blocks={blocks} address={address} active={active} onActive={setActive} />
    </div>
  );
}

/** The rows for the filters of the address; others begin anew. `reload` reads the same rows again, in their place. */
function useBlocks({ run, filter }: TraceAddress): { blocks: Blocks; reload: () => void } {
  const [, draw] = useReducer<number, void>((turn) => turn + 1, 0);
  const [turn, reload] = useReducer<number, void>((before) => before + 1, 0);
  const last = useRef<{ filter: TraceQuery; run: string; blocks: Blocks } | undefined>(undefined);
  const blocks = useMemo(() => {
    const same = last.current?.filter === filter && last.current.run === run ? last.current.blocks : undefined;
    const addressOf = (offset: number, limit: number) => rowsAddress(run, filter, offset, limit);
    const made = new Blocks(addressOf, () => draw(), same?.totals);
    last.current = { filter, run, blocks: made };
    return made;
  }, [run, filter, turn]);
  useEffect(() => () => blocks.close(), [blocks]);
  return { blocks, reload: () => reload() };
}

/** Milliseconds that a row must stay active to stand in the address. */
const SETTLED = 300;

/** The active row, from 0; it stands in the address as `row`, from 1. */
function useActive({ run, filter, row }: TraceAddress): [number, (place: number) => void] {
  const { route } = useLocation();
  const place = (row ?? 1) - 1;
  const [active, setActive] = useState(place);
  useEffect(() => setActive(place), [filter, place]);
  useEffect(() => {
    if (active === place) return;
    const timer = setTimeout(() => route(tracesPath(run, filter, active + 1), true), SETTLED);
    return () => clearTimeout(timer);
  }, [active, place, run, filter, route]);
  return [active, setActive];
}

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { count } from '../../shared/format.js';
import { type TraceAddress, type TraceQuery, tracePath } from '../../shared/trace-query.js';
import { useVirtual, type Virtual } from '../../shared/virtual.js';
import type { Blocks } from './blocks.js';
import { Head } from './head.js';
import { Line } from './line.js';
import { useNarrow } from './narrow.js';

/** Pixels of a row: one line, or three on a narrow screen. traces.css says the same. */
const ROW = { wide: 32, narrow: 84 };

interface GridProps {
  readonly blocks: Blocks;
  readonly address: TraceAddress;
  /** Place of the active row, from 0. */
  readonly active: number;
  readonly onActive: (place: number) => void;
}

/** The rollouts that match, of which only those in view are in the page. */
export function Grid({ blocks, address, active, onActive }: GridProps) {
  const scroller = useRef<HTMLTableSectionElement>(null);
  const { route } = useLocation();
  const narrow = useNarrow();
  const total = blocks.totals?.total ?? 0;
  const rowHeight = narrow ? ROW.narrow : ROW.wide;
  const view = useVirtual(scroller, total, rowHeight);
  useLook(blocks, view.first, view.visible, active);
  useShow(view, active, total, address.filter);
  const table = useRef<HTMLTableElement>(null);
  useEffect(() => {
    // Whoever comes back from a rollout goes on with the keys where they were.
    if (address.row !== null && document.activeElement === document.body) table.current?.focus({ preventScroll: true });
  }, []);

  const open = () => {
    const row = blocks.row(active);
    if (row) route(tracePath(address.run, row.id, address.filter));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
    if (event.key === 'Enter') return open();
    const to = moved(event.key, active, total, view.visible);
    if (to === undefined) return;
    event.preventDefault();
    if (to === active) view.show(to);
    onActive(to);
  };
  return (
    <table
      ref={table}
      class="trace-grid"
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table whose rows keys move through is a grid
      role="grid"
      tabIndex={0}
      aria-label="Rollouts"
      aria-rowcount={total + 1}
      aria-colcount={10}
      aria-activedescendant={total > 0 ? `row-${active}` : undefined}
      aria-busy={blocks.totals === undefined}
      onKeyDown={onKeyDown}
    >
      <Head address={address} />
      <tbody class="body" ref={scroller}>
        {view.rows.map(({ row, top }) => (
          <Line
            key={row}
            place={row}
            top={top}
            row={blocks.row(row)}
            address={address}
            threshold={blocks.totals?.threshold ?? 1}
            active={row === active}
          />
        ))}
        {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: it only makes the body as high as all rows */}
        <tr class="space" aria-hidden="true" style={{ height: `${view.height}px` }} />
        {blocks.totals === undefined && !blocks.error && <Words>Loading…</Words>}
        {blocks.totals !== undefined && total === 0 && <Words>{noRows(blocks.totals.all)}</Words>}
      </tbody>
    </table>
  );
}

/** Brings the active row into view when another becomes it; in a new list it comes to the top. */
function useShow(view: Virtual, active: number, total: number, filter: TraceQuery): void {
  const shown = useRef<{ active: number; filter: TraceQuery } | undefined>(undefined);
  useLayoutEffect(() => {
    if (total === 0 || view.visible < 2) return;
    const fresh = shown.current?.filter !== filter;
    if (!fresh && shown.current?.active === active) return;
    view.show(active, fresh ? 'start' : 'auto');
    shown.current = { active, filter };
  });
}

function Words({ children }: { children: string }) {
  return (
    <tr class="none">
      <td class="soft">{children}</td>
    </tr>
  );
}

function noRows(all: number): string {
  return all === 0 ? 'This run has no rollouts yet.' : `None of the ${count(all)} rollouts match these filters.`;
}

/** Where a key moves the active row to. */
function moved(key: string, active: number, total: number, page: number): number | undefined {
  const steps: Record<string, number> = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + page,
    PageUp: active - page,
    Home: 0,
    End: total - 1,
  };
  const to = steps[key];
  return to === undefined ? undefined : Math.max(0, Math.min(total - 1, to));
}

/** Has the rows in view read; before anything is known, those around the row that the address asks for. */
function useLook(blocks: Blocks, first: number, visible: number, active: number): void {
  const [before, setBefore] = useState(0);
  const known = blocks.totals !== undefined;
  const from = known ? first : active;
  useLayoutEffect(() => {
    blocks.look(from, from + visible + 1, first < before ? -1 : 1);
    setBefore(first);
  }, [blocks, blocks.error, from, visible, known]);
}

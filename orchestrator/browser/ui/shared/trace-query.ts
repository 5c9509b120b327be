import { useMemo } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { TraceFilter, TraceOrder } from '../../api/index.js';
import { addressOf } from './api.js';

/**
 * The filters of the table of rollouts as they stand in the address. Values stay the text that somebody wrote, right
 * or wrong: the server judges them, and its words about a wrong one are shown.
 */
export type TraceQuery = { readonly [Name in keyof TraceFilter]?: string | undefined };

/** In the order in which they stand in an address, so that equal filters make equal addresses. */
export const FILTER_NAMES = [
  'q',
  'stage',
  'pass',
  'set',
  'source',
  'type',
  'prompt',
  'first',
  'second',
  'gate',
  'threshold',
  'minConfidence',
  'maxConfidence',
  'state',
  'sort',
  'order',
] as const satisfies readonly (keyof TraceFilter)[];

/** What a query holds besides the filters is left out. */
export function readFilter(query: Readonly<Record<string, string>>): TraceQuery {
  return Object.fromEntries(FILTER_NAMES.filter((name) => query[name]).map((name) => [name, query[name]]));
}

/** Click by click: ascending, descending, the order that they came in. */
export function nextOrder(filter: TraceQuery, sort: TraceOrder): Pick<TraceQuery, 'sort' | 'order'> {
  if (filter.sort !== sort) return { sort, order: 'asc' };
  return filter.order === 'desc' ? { sort: undefined, order: undefined } : { sort, order: 'desc' };
}

export function tracesPath(run: string, filter: TraceQuery = {}, row?: number): string {
  return addressOf(`/runs/${encodeURIComponent(run)}/traces`, { ...inOrder(filter), row });
}

export function tracePath(run: string, id: number, filter: TraceQuery = {}): string {
  return addressOf(`/runs/${encodeURIComponent(run)}/traces/${id}`, inOrder(filter));
}

/** The address of some rows in the API. */
export function rowsAddress(run: string, filter: TraceQuery, offset: number, limit: number): string {
  return addressOf(`/api/runs/${encodeURIComponent(run)}/traces`, { ...inOrder(filter), offset, limit });
}

export function detailAddress(id: string, filter: TraceQuery): string {
  return addressOf(`/api/traces/${encodeURIComponent(id)}`, inOrder(filter));
}

function inOrder(filter: TraceQuery): Record<string, string | undefined> {
  return Object.fromEntries(FILTER_NAMES.map((name) => [name, filter[name]]));
}

export interface TraceAddress {
  readonly run: string;
  /** The same object until a filter changes. */
  readonly filter: TraceQuery;
  /** Place of the row (from 1) that the address points at. */
  readonly row: number | null;
  /** Changes some filters, and with them the address; undefined takes one away. `replace`: no new step to go back to. */
  readonly change: (patch: TraceQuery, replace?: boolean) => void;
}

/** The run and the filters of the page's address. */
export function useTraceAddress(): TraceAddress {
  const { query, route } = useLocation();
  const run = useRoute().params.run ?? '';
  const text = JSON.stringify(readFilter(query));
  const filter = useMemo(() => JSON.parse(text) as TraceQuery, [text]);
  const row = Number(query.row);
  return {
    run,
    filter,
    row: Number.isInteger(row) && row > 0 ? row : null,
    change: (patch, replace) => route(tracesPath(run, { ...filter, ...patch }), replace),
  };
}

import { useCallback, useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { RUN_ORDERS, type RunOrder, type RunRow } from '../../../api/index.js';
import { addressOf } from '../../shared/api.js';

/** Runs that are asked for at a time. */
export const PAGE = 100;

/** What the table shows, as it stands in the address. */
export interface Wanted {
  readonly q: string;
  readonly status: string;
  readonly tag: string;
  readonly sort: RunOrder;
  readonly order: 'asc' | 'desc';
  /** Rows, a multiple of PAGE. */
  readonly shown: number;
}

/** Columns that begin with the smallest when they are first sorted by. */
const ASCENDING: readonly RunOrder[] = ['name', 'status'];

export function firstOrder(sort: RunOrder): 'asc' | 'desc' {
  return ASCENDING.includes(sort) ? 'asc' : 'desc';
}

export function readWanted(query: Readonly<Record<string, string>>): Wanted {
  const sort = RUN_ORDERS.find((name) => name === query.sort) ?? 'created';
  const order = query.order === 'asc' || query.order === 'desc' ? query.order : firstOrder(sort);
  const shown = Math.max(1, Math.ceil(Number(query.shown) / PAGE) || 1) * PAGE;
  return { q: query.q ?? '', status: query.status ?? '', tag: query.tag ?? '', sort, order, shown };
}

/** The address of the page; what is usual is left out. */
export function addressOfPage({ q, status, tag, sort, order, shown }: Wanted): string {
  return addressOf('/', {
    ...{ q, status, tag },
    sort: sort === 'created' ? null : sort,
    order: order === firstOrder(sort) ? null : order,
    shown: shown === PAGE ? null : shown,
  });
}

export function addressOfRuns({ q, status, tag, sort, order }: Wanted, offset: number): string {
  return addressOf('/api/runs', { q, status, tag, sort, order, offset, limit: PAGE });
}

/** What the address asks for, and a way to ask for something else; anything but more rows begins at the first page. */
export function useWanted(): [Wanted, (change: Partial<Wanted>) => void] {
  const { query, route } = useLocation();
  const wanted = useMemo(() => readWanted(query), [query]);
  const change = useCallback(
    (some: Partial<Wanted>) => route(addressOfPage({ ...wanted, shown: PAGE, ...some }), true),
    [wanted, route],
  );
  return [wanted, change];
}

/** Whether a run that was not in the answer would be in it now, as far as its row tells. */
export function matches(row: RunRow, { q, status, tag }: Wanted): boolean {
  const text = [row.name, row.note ?? '', ...row.tags].join(' ').toLowerCase();
  return (
    text.includes(q.trim().toLowerCase()) &&
    (status === '' || row.status === status) &&
    (tag === '' || row.tags.includes(tag))
  );
}

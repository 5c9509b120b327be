import type { z } from 'zod';
import type { RunOrder, RunsAnswer } from '../api/index.js';
import type { runsQuery } from './query.js';
import type { KnownRun, RunRows } from './run-rows.js';

type Query = z.output<typeof runsQuery>;
type Key = (known: KnownRun) => number | string | null;

const KEYS: Readonly<Record<RunOrder, Key>> = {
  created: ({ run }) => run.createdAt,
  name: ({ run }) => run.name,
  status: ({ row }) => row.status,
  accuracy: ({ row }) => row.accuracy,
  tokens: ({ row }) => row.meanTokens,
  seconds: ({ row }) => row.seconds,
  rollouts: ({ row }) => row.rollouts,
};

/** GET /api/runs */
export function listRuns(rows: RunRows, query: Query): RunsAnswer {
  const all = rows.read();
  const found = all.filter((known) => matches(known, query));
  const order = query.order ?? (query.sort === 'name' || query.sort === 'status' ? 'asc' : 'desc');
  const sorted = sortBy(found, KEYS[query.sort], order === 'asc');
  return {
    runs: sorted.slice(query.offset, query.offset + query.limit).map((known) => rows.withReward(known)),
    total: found.length,
    all: all.length,
    tags: [...new Set(all.flatMap(({ run }) => run.tags))].sort(),
  };
}

function matches({ run, row }: KnownRun, { q, status, tag }: Query): boolean {
  if (status !== undefined && row.status !== status) return false;
  if (tag !== undefined && !run.tags.includes(tag)) return false;
  const words = (q ?? '').toLowerCase().split(/\s+/);
  const text = [run.name, run.note, run.reason, row.stage, ...run.tags].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
}

/** What is not known comes last, either way round. */
function sortBy(items: readonly KnownRun[], key: Key, rising: boolean): KnownRun[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  return keyed
    .sort((a, b) => {
      if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
      const order = a.key < b.key ? -1 : Number(a.key > b.key);
      return rising ? order : -order;
    })
    .map(({ item }) => item);
}

import type { Prompt } from '../../records/index.js';
import type { RunRecord, Store, StoredRollout } from '../../store/index.js';
import { printJson, printText } from '../output.js';
import { findRun, withStoreAsync } from './open.js';
import { usageError } from './reader.js';
import { type FilterFlags, furtherFlags, type OrderFlags } from './rollout-filter.js';
import { type Selection, withSelection } from './selection.js';
import { explainRows, traceTable } from './trace-text.js';

export interface TraceFlags extends FilterFlags, OrderFlags {
  readonly runs: string;
  readonly json?: boolean;
  readonly limit: number;
  readonly offset?: number;
  readonly after?: string;
  readonly explain?: boolean;
}

export type TraceRow = StoredRollout & { readonly prompt: Prompt | null };

interface Page {
  readonly rows: readonly TraceRow[];
  /** Begins the page behind this one; null at the end, and in an order of one's own. */
  readonly next: string | null;
  /** Rollouts that fit, and the place of the first of these; only where all of them were looked at. */
  readonly total?: number;
  readonly offset?: number;
}

/** `vauto runs traces RUN`: one page of rollouts; `next` begins the page after it. */
export async function showTraces(name: string, flags: TraceFlags): Promise<void> {
  refuseMixtures(flags);
  await withStoreAsync(flags.runs, async (store) => {
    const run = findRun(store, name);
    const whole = furtherFlags(flags).length > 0 || flags.offset !== undefined;
    const page = whole
      ? await withSelection(store, run, flags, (selection) => pageOf(selection, flags))
      : storePage(store, run, flags);
    if (flags.json) {
      printJson(page);
      return;
    }
    if (page.rows.length === 0) printText('no rollouts match');
    else printText(flags.explain ? explainRows(page.rows, run.recipe) : traceTable(page.rows));
    process.stderr.write(moreText(page));
  });
}

function refuseMixtures({ after, sort, order, offset }: TraceFlags): void {
  if (after !== undefined && (sort !== undefined || offset !== undefined))
    throw usageError(
      `--after cannot be combined with ${sort === undefined ? '--offset' : '--sort'}: it goes on in the order of commit`,
      'turn the pages of an order of your own with --sort and --offset',
    );
  if (order !== undefined && sort === undefined) throw usageError('--order needs --sort', 'name the order with --sort');
}

function storePage(store: Store, run: RunRecord, { limit, stage, set, prompt, wrong, after }: TraceFlags): Page {
  const page = store.rollouts({
    ...{ run: run.id, limit },
    ...(stage === undefined ? {} : { stage }),
    ...(set === undefined ? {} : { set }),
    ...(prompt === undefined ? {} : { promptId: prompt }),
    ...(wrong ? { correct: false } : {}),
    ...(after === undefined ? {} : { after }),
  });
  const rows = page.rows.map((row) => ({ ...row, prompt: store.findPrompt(run.id, row.set, row.promptId) ?? null }));
  return { rows, next: page.next };
}

function pageOf(selection: Selection, { limit, offset, after, sort }: TraceFlags): Page {
  const start = after === undefined ? (offset ?? 0) : placeOf(selection, after);
  const rows = selection.page(start, limit).map(({ runId: _runId, ...row }) => row);
  const last = selection.idAt(start + limit - 1);
  const more = start + limit < selection.length && last !== undefined && sort === undefined;
  return { rows, next: more ? `${TOKEN}${last}` : null, total: selection.length, offset: start };
}

/** Begins the tokens of these pages, so that they are told from those of the store. */
const TOKEN = 'behind-';

function placeOf(selection: Selection, token: string): number {
  const id = /^behind-(\d{1,15})$/.exec(token)?.[1];
  const place = id === undefined ? undefined : selection.placeBehind(Number(id));
  if (place !== undefined) return place;
  throw usageError(
    `${JSON.stringify(token)} is no page token of this list`,
    'use the value that the page before gave as "next", with the same filters',
  );
}

function moreText({ rows, next, total, offset }: Page): string {
  if (total === undefined || offset === undefined) return next === null ? '' : `more: --after ${next}\n`;
  if (rows.length === 0) return total === 0 ? '' : `${total} rollouts match, fewer than --offset\n`;
  const end = offset + rows.length;
  const more = end >= total ? '' : `; more: ${next === null ? `--offset ${end}` : `--after ${next}`}`;
  return `${offset + 1} to ${end} of ${total}${more}\n`;
}

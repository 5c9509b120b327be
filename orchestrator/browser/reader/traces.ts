import type { z } from 'zod';
import { exitsAt } from '../../answer/index.js';
import type { Box, Verdict } from '../../records/index.js';
import type { Ends, SearchIndex, ViewedLine, Viewer } from '../../store/index.js';
import type { AnswerCell, TraceRow, TracesAnswer } from '../api/index.js';
import type { tracesQuery } from './query.js';
import type { KnownRun } from './run-rows.js';
import type { RunTables } from './tables.js';

const SHOWN = 200;

export interface TracesContext {
  readonly viewer: Viewer;
  readonly tables: RunTables;
  readonly search: SearchIndex;
}

/** GET /api/runs/:run/traces */
export function listTraces(
  { viewer, tables, search }: TracesContext,
  known: KnownRun,
  query: z.output<typeof tracesQuery>,
  ofRun: number,
): TracesAnswer {
  const { run: _run, offset, limit, ...filter } = query;
  const threshold = filter.threshold ?? ofRun;
  const { table, rows } = tables.select(known, filter, threshold, searchFor(search, known, filter.q));
  const ids = Array.from(rows.subarray(offset, offset + limit), (row) => table.id.values[row] ?? 0);
  return {
    offset,
    rows: viewer.lines(ids).map((rollout) => traceRow(rollout, threshold)),
    total: rows.length,
    all: table.length,
    threshold,
    indexed: filter.q === undefined ? null : search.indexed(known.run.id),
  };
}

/** What the words find; undefined without any. */
export function searchFor(search: SearchIndex, { run }: KnownRun, words: string | undefined) {
  return words === undefined ? undefined : (ends: Ends) => search.find(run.id, words, ends);
}

/** One line of the table: field by field, as objects that are spread take most of the time of a page. */
export function traceRow(rollout: ViewedLine, threshold: number): TraceRow {
  const { id, stage, pass, set, promptId, prompt, trace, verdicts, reward } = rollout;
  return {
    id,
    stage,
    pass,
    set,
    source: prompt.source,
    problemType: prompt.problemType,
    promptId,
    question: prompt.question.slice(0, SHOWN),
    index: rollout.rollout.index,
    step: rollout.step ?? null,
    confidence: trace.confidence,
    exits: exitsHere(rollout, threshold),
    first: cellOf(trace.first, verdicts.first),
    second: cellOf(trace.second, verdicts.second),
    reward: reward?.total ?? null,
    tokens: trace.tokens.total,
  };
}

/** The gate stopped, or would stop, at the first answer. */
export function exitsHere({ rollout, trace }: ViewedLine, threshold: number): boolean {
  return rollout.finishReason === 'exit' || exitsAt(trace.confidence, threshold);
}

function cellOf(box: Box | null, verdict: Verdict | null): AnswerCell | null {
  if (box === null) return null;
  const { correct, state } = verdict ?? { correct: null, state: 'error' as const };
  return { text: box.text.slice(0, SHOWN), correct, state };
}

import { exitsHere } from '../../../browser/reader/traces.js';
import type { RunRecord, Store, ViewedRollout } from '../../../store/index.js';
import type { FilterFlags } from '../rollout-filter.js';
import type { Selection } from '../selection.js';
import type { Write } from './file.js';

/** What is written, and where to. */
export interface ExportJob {
  readonly store: Store;
  readonly run: RunRecord;
  readonly selection: Selection;
  readonly write: Write;
  readonly flags: FilterFlags & { readonly runs: string; readonly limit?: number };
}

/** Rollouts that are in memory at a time. */
const PAGE = 100;

/** The rollouts that were selected, page by page, in order. */
export function* rolloutsOf({ selection }: ExportJob, most = Number.POSITIVE_INFINITY): Generator<ViewedRollout> {
  const end = Math.min(selection.length, most);
  for (let place = 0; place < end; place += PAGE) yield* selection.page(place, Math.min(PAGE, end - place));
}

export type Value = string | number | boolean | null;

/** A column of the files for programs. */
export interface ExportColumn {
  readonly name: string;
  readonly type: 'text' | 'integer' | 'real' | 'flag';
  readonly of: (one: ViewedRollout, job: ExportJob) => Value | undefined;
}

const text = (name: string, of: ExportColumn['of']): ExportColumn => ({ name, type: 'text', of });
const integer = (name: string, of: ExportColumn['of']): ExportColumn => ({ name, type: 'integer', of });
const real = (name: string, of: ExportColumn['of']): ExportColumn => ({ name, type: 'real', of });
const flag = (name: string, of: ExportColumn['of']): ExportColumn => ({ name, type: 'flag', of });

/** Text as the model gave it, verdict and state of one answer. */
const answer = (which: 'first' | 'second'): ExportColumn[] => [
  text(`${which}_text`, ({ trace }) => trace[which]?.text),
  flag(`${which}_correct`, ({ verdicts }) => verdicts[which]?.correct),
  real(`${which}_value`, ({ verdicts }) => verdicts[which]?.value),
  text(`${which}_state`, ({ verdicts }) => verdicts[which]?.state),
];

/** The row of a rollout; docs/runs.md says what each column means. */
export const COLUMNS: readonly ExportColumn[] = [
  text('run', (_, { run }) => run.name),
  text('stage', ({ stage }) => stage),
  text('pass', ({ pass }) => pass),
  text('set', ({ set }) => set),
  text('source', ({ prompt }) => prompt.source),
  text('problem_type', ({ prompt }) => prompt.problemType),
  text('prompt_id', ({ promptId }) => promptId),
  integer('index', ({ rollout }) => rollout.index),
  integer('step', ({ step }) => step),
  real('confidence', ({ trace }) => trace.confidence),
  flag('exits', (one, { selection }) => exitsHere(one, selection.threshold)),
  ...answer('first'),
  ...answer('second'),
  real('reward_first', ({ reward }) => reward?.first),
  real('reward_second', ({ reward }) => reward?.second),
  real('reward_format', ({ reward }) => reward?.format),
  real('reward_fallback', ({ reward }) => reward?.fallback),
  real('reward_direct', ({ reward }) => reward?.direct),
  real('reward_total', ({ reward }) => reward?.total),
  integer('tokens_first', ({ trace }) => trace.tokens.first),
  integer('tokens_think', ({ trace }) => trace.tokens.think),
  integer('tokens_second', ({ trace }) => trace.tokens.second),
  integer('tokens_total', ({ trace }) => trace.tokens.total),
  text('finish_reason', ({ rollout }) => rollout.finishReason),
  integer('seed', ({ rollout }) => rollout.seed),
  text('question', ({ prompt }) => prompt.question),
  text('completion', ({ rollout }) => rollout.text),
];

export function valuesOf(one: ViewedRollout, job: ExportJob): Value[] {
  return COLUMNS.map(({ of }) => of(one, job) ?? null);
}

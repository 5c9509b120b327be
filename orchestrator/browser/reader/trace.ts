import { bestIou, parseGrounded, parseSpan } from '../../grading/index.js';
import type { Box, Prompt, Verdict } from '../../records/index.js';
import { groupAdvantages } from '../../reward/index.js';
import type { ViewedRollout, Viewer } from '../../store/index.js';
import type { GroupMember, Span, TraceDetail } from '../api/index.js';
import type { KnownRun } from './run-rows.js';
import type { RunTable } from './table.js';
import { weightsOf } from './threshold.js';
import { exitsHere, traceRow } from './traces.js';

export interface TraceContext {
  readonly viewer: Viewer;
  readonly known: KnownRun;
  readonly recipe: unknown;
  readonly threshold: number;
  /** The rows of the table that it was opened from. */
  readonly rows: Uint32Array;
  readonly table: RunTable;
}

/** GET /api/traces/:id */
export function traceDetail(one: ViewedRollout, context: TraceContext): TraceDetail {
  const { viewer, known, recipe, threshold } = context;
  const { rollout, trace, verdicts, reward, prompt } = one;
  return {
    row: traceRow(one, threshold),
    run: known.run.name,
    prompt: { ...prompt, media: mediaOf(one) },
    ...{ text: rollout.text, tokenEnds: rollout.tokenEnds, logprobs: rollout.logprobs },
    ...{ trace, verdicts, reward, weights: weightsOf(recipe) },
    gate: { threshold, exits: exitsHere(one, threshold), record: rollout.exit ?? null },
    ...groundingOf(prompt, trace.first, trace.second),
    group: groupOf(viewer, one.id),
    ...{ finishReason: rollout.finishReason, promptTokens: rollout.promptTokens, cachedTokens: rollout.cachedTokens },
    ...{ forced: rollout.forced ?? 0, seed: rollout.seed, key: rollout.key },
    ...neighbours(one.id, context),
  };
}

function mediaOf({ id, prompt }: ViewedRollout) {
  return prompt.media.map(({ kind, sha256, start, end }) => ({
    ...{ kind, sha256, start: start ?? null, end: end ?? null },
    url: `/media/${id}/${sha256}`,
  }));
}

function groundingOf(prompt: Prompt, first: Box | null, second: Box | null): Pick<TraceDetail, 'spans' | 'iou'> {
  const gold = prompt.spans ?? [];
  const spanOf = (box: Box | null): Span | null => {
    if (box === null || gold.length === 0) return null;
    if (prompt.problemType === 'gqa') return parseGrounded(box.text, prompt.options).span;
    return parseSpan(box.text)?.span ?? null;
  };
  const [a, b] = [spanOf(first), spanOf(second)];
  const iou = (span: Span | null) => (span === null ? null : bestIou([...span], gold));
  const list = (span: Span | null) => (span === null ? [] : [span]);
  return { spans: { gold, first: list(a), second: list(b) }, iou: { first: iou(a), second: iou(b) } };
}

function groupOf(viewer: Viewer, id: number): GroupMember[] {
  const members = viewer.lines(viewer.group(id));
  const advantages = groupAdvantages(
    members.map(({ reward }) => reward?.total ?? null),
    { scale: 'group' },
  );
  return members.map(({ id: member, rollout, correct, verdicts, reward, trace }, place) => ({
    ...{ id: member, index: rollout.index, correct, first: correctOf(verdicts.first) },
    ...{ reward: reward?.total ?? null, advantage: advantages[place] ?? null, tokens: trace.tokens.total },
  }));
}

function correctOf(verdict: Verdict | null): boolean | null {
  return verdict === null ? false : verdict.correct;
}

function neighbours(id: number, { rows, table }: TraceContext): Pick<TraceDetail, 'place' | 'previous' | 'next'> {
  const row = table.rowOf(id);
  const at = row === undefined ? -1 : rows.indexOf(row);
  const idAt = (place: number) => {
    const found = rows[place];
    return found === undefined ? null : (table.id.values[found] ?? null);
  };
  if (at < 0) return { place: null, previous: null, next: null };
  return { place: { at, total: rows.length }, previous: idAt(at - 1), next: idAt(at + 1) };
}

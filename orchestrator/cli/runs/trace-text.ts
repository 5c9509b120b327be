import { explain } from '../explain.js';
import { formatTable } from '../output.js';
import { tableWidth } from './open.js';
import type { TraceRow } from './traces.js';

/** Every rollout in full. */
export function explainRows(rows: readonly TraceRow[], recipe: unknown): string {
  return rows
    .map((row) => {
      const { trace, verdicts, reward, prompt } = row;
      const { text, finishReason, exit } = row.rollout;
      return explain(titleOf(row), { text, finishReason, exit, trace, verdicts, reward }, prompt, recipe);
    })
    .join('\n');
}

/** One line a rollout. */
export function traceTable(rows: readonly TraceRow[]): string {
  const right = (header: string) => ({ header, align: 'right' as const });
  const columns = [
    ...[{ header: 'stage', shrink: true }, { header: 'prompt', shrink: true }, right('#'), right('conf')],
    ...[{ header: 'a1', shrink: true }, { header: 'a2', shrink: true }, { header: '' }, right('reward')],
    right('tokens'),
  ];
  const cells = rows.map(({ stage, promptId, rollout, trace, correct, reward }) => [
    ...[stage, promptId, rollout.index, trace.confidence?.toFixed(3), trace.first?.text, trace.second?.text],
    ...[correct === null ? '?' : correct ? 'right' : 'wrong', reward?.total.toFixed(2), trace.tokens.total],
  ]);
  return formatTable(columns, cells, tableWidth());
}

function titleOf(row: TraceRow): string {
  const step = row.step === undefined ? '' : `, step ${row.step}`;
  const outcome = row.correct === null ? 'not graded' : row.correct ? 'right' : 'wrong';
  return `${row.stage}/${row.pass} ${row.promptId} #${row.rollout.index}${step}: ${outcome}`;
}

import type { StoredRollout } from '../../store/index.js';
import { explain, type Graded } from '../explain.js';
import { formatTable, printJson, printText } from '../output.js';
import { findRun, tableWidth, withStore } from './open.js';

export interface TraceFlags {
  readonly runs: string;
  readonly json?: boolean;
  readonly stage?: string;
  readonly set?: string;
  readonly prompt?: string;
  readonly wrong?: boolean;
  readonly limit: number;
  readonly after?: string;
  readonly explain?: boolean;
}

/** `vauto runs traces RUN`: one page of rollouts; `next` begins the page after it. */
export function showTraces(name: string, flags: TraceFlags): void {
  withStore(flags.runs, (store) => {
    const run = findRun(store, name);
    const page = store.rollouts({
      run: run.id,
      limit: flags.limit,
      ...(flags.stage === undefined ? {} : { stage: flags.stage }),
      ...(flags.set === undefined ? {} : { set: flags.set }),
      ...(flags.prompt === undefined ? {} : { promptId: flags.prompt }),
      ...(flags.wrong ? { correct: false } : {}),
      ...(flags.after === undefined ? {} : { after: flags.after }),
    });
    const rows = page.rows.map((row) => ({ ...row, prompt: store.findPrompt(run.id, row.set, row.promptId) ?? null }));
    if (flags.json) {
      printJson({ rows, next: page.next });
      return;
    }
    if (rows.length === 0) {
      printText('no rollouts match');
      return;
    }
    printText(
      flags.explain
        ? rows.map((row) => explain(titleOf(row), asGraded(row), row.prompt, run.recipe)).join('\n')
        : table(rows),
    );
    if (page.next !== null) process.stderr.write(`more: --after ${page.next}\n`);
  });
}

function titleOf(row: StoredRollout): string {
  const step = row.step === undefined ? '' : `, step ${row.step}`;
  const outcome = row.correct === null ? 'not graded' : row.correct ? 'right' : 'wrong';
  return `${row.stage}/${row.pass} ${row.promptId} #${row.rollout.index}${step}: ${outcome}`;
}

function asGraded({ rollout: { text, finishReason, exit }, trace, verdicts, reward }: StoredRollout): Graded {
  return { text, finishReason, exit, trace, verdicts, reward };
}

function table(rows: readonly StoredRollout[]): string {
  const columns = [
    ...[
      { header: 'stage', shrink: true },
      { header: 'prompt', shrink: true },
      { header: '#', align: 'right' as const },
    ],
    ...[
      { header: 'conf', align: 'right' as const },
      { header: 'a1', shrink: true },
      { header: 'a2', shrink: true },
      { header: '' },
    ],
    ...[
      { header: 'reward', align: 'right' as const },
      { header: 'tokens', align: 'right' as const },
    ],
  ];
  const cells = rows.map(({ stage, promptId, rollout, trace, correct, reward }) => [
    ...[stage, promptId, rollout.index, trace.confidence?.toFixed(3), trace.first?.text, trace.second?.text],
    ...[correct === null ? '?' : correct ? 'right' : 'wrong', reward?.total.toFixed(2), trace.tokens.total],
  ]);
  return formatTable(columns, cells, tableWidth());
}

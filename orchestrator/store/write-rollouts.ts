import type { Database } from 'better-sqlite3';
import type { Verdict } from '../records/index.js';
import { packIntegers, packReals } from './codec.js';
import { packTrace } from './trace-codec.js';
import type { FailureRow, RolloutRow, Store, UnitCounts } from './types.js';

/** Writes units: rollouts with their traces, verdicts and rewards, and the requests that failed. */
export function rolloutWriter(db: Database): Pick<Store, 'commitUnit'> {
  // Prepared at the first unit: a reader never needs them.
  let prepared: Statements | undefined;

  const commit = db.transaction(
    (
      stageId: number,
      unit: string,
      rows: readonly RolloutRow[],
      failures: readonly FailureRow[],
      { cached, retried }: UnitCounts,
    ) => {
      prepared ??= prepare(db);
      const run = prepared.runOf.get(stageId) as number | undefined;
      if (run === undefined) throw new Error(`stage ${stageId} is not running, so nothing can be committed to it`);
      prepared.unit.run(stageId, unit, rows.length, failures.length, new Date().toISOString(), cached, retried);
      const promptOf = promptFinder(prepared, run);
      for (const row of rows) write(prepared, stageId, unit, promptOf(row), row);
      for (const { set, promptId, index, code, message } of failures)
        prepared.failure.run(stageId, unit, set, promptId, index, code, message);
    },
  );

  return {
    commitUnit: (stageId, unit, rows, failures = [], counts = { cached: 0, retried: 0 }) =>
      commit.immediate(stageId, unit, rows, failures, counts),
  };
}

/** In the order in which `write` binds them. */
const COLUMNS = [
  ...['stage', 'unit', 'prompt', 'pass', 'idx', 'step', 'seed', 'tokens', 'prompt_tokens', 'cached_tokens', 'forced'],
  ...['finish_reason', 'correct', 'confidence'],
  ...['first_value', 'first_correct', 'first_state', 'first_normalised'],
  ...['second_value', 'second_correct', 'second_state', 'second_normalised'],
  ...['reward_first', 'reward_second', 'reward_format', 'reward_fallback', 'reward_direct', 'reward_total'],
  ...['request', 'key', 'early_exit', 'trace', 'text', 'token_ids', 'logprobs', 'token_ends'],
];

type Statements = ReturnType<typeof prepare>;

function prepare(db: Database) {
  return {
    runOf: db.prepare("SELECT run FROM stages WHERE id = ? AND status = 'running'").pluck(),
    prompt: db
      .prepare('SELECT id FROM prompts WHERE run = ? AND set_name = ? AND prompt_id = ? AND position IS NOT NULL')
      .pluck(),
    unit: db.prepare(
      'INSERT INTO units (stage, name, rollouts, failures, committed_at, cached, retried) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    rollout: db.prepare(`INSERT INTO rollouts (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`),
    failure: db.prepare(
      'INSERT INTO failures (stage, unit, set_name, prompt_id, idx, code, message) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
  };
}

/** Row ids of prompts, each looked up once: a unit has whole groups. */
function promptFinder({ prompt }: Statements, run: number): (row: RolloutRow) => number {
  const sets = new Map<string, Map<string, number>>();
  return ({ set, promptId }) => {
    const known = sets.get(set) ?? new Map<string, number>();
    if (known.size === 0) sets.set(set, known);
    const id = known.get(promptId) ?? (prompt.get(run, set, promptId) as number | undefined);
    if (id === undefined) throw new Error(`prompt ${promptId} is not in set ${set} of the run`);
    known.set(promptId, id);
    return id;
  };
}

function write(prepared: Statements, stage: number, unit: string, prompt: number, row: RolloutRow): void {
  const { pass, rollout, trace, reward, step, request } = row;
  const { first, second } = row.verdicts;
  // One list of plain arguments: spread arrays are a tenth of the time of a row.
  prepared.rollout.run(
    stage,
    unit,
    prompt,
    pass,
    rollout.index,
    step ?? null,
    rollout.seed,
    rollout.tokenIds.length,
    rollout.promptTokens,
    rollout.cachedTokens,
    rollout.forced ?? null,
    rollout.finishReason,
    flag(rightOf(second)),
    trace.confidence,
    first?.value ?? null,
    flag(first?.correct ?? null),
    first?.state ?? null,
    first?.normalised ?? null,
    second?.value ?? null,
    flag(second?.correct ?? null),
    second?.state ?? null,
    second?.normalised ?? null,
    reward?.first ?? null,
    reward?.second ?? null,
    reward?.format ?? null,
    reward?.fallback ?? null,
    reward?.direct ?? null,
    reward?.total ?? null,
    request === undefined ? null : Buffer.from(request, 'hex'),
    rollout.key,
    rollout.exit === undefined ? null : JSON.stringify(rollout.exit),
    packTrace(trace, rollout.text),
    rollout.text,
    packIntegers(rollout.tokenIds),
    packReals(rollout.logprobs),
    packIntegers(rollout.tokenEnds),
  );
}

/** No answer at all is wrong; a grader that failed is not known. */
function rightOf(verdict: Verdict | null): boolean | null {
  return verdict === null ? false : verdict.correct;
}

function flag(value: boolean | null): number | null {
  return value === null ? null : Number(value);
}

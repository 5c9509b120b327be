import type { Database } from 'better-sqlite3';
import type { Verdict } from '../records/index.js';
import { packIntegers, packReals, packTrace } from './codec.js';
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
    rollout: db.prepare(`INSERT INTO rollouts (stage, unit, prompt, pass, idx, step, key, seed, text, tokens, token_ids,
      logprobs, token_ends, finish_reason, prompt_tokens, cached_tokens, trace, confidence, correct, early_exit, request,
      forced)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    verdict: db.prepare(
      'INSERT INTO verdicts (rollout, answer, value, correct, state, normalised) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    reward: db.prepare(
      'INSERT INTO rewards (rollout, first, second, format, fallback, direct, total) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
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
  const { pass, rollout, trace, verdicts, reward, step, request } = row;
  // One list of plain arguments: spread arrays are a tenth of the time of a row.
  const { lastInsertRowid: id } = prepared.rollout.run(
    stage,
    unit,
    prompt,
    pass,
    rollout.index,
    step ?? null,
    rollout.key,
    rollout.seed,
    rollout.text,
    rollout.tokenIds.length,
    packIntegers(rollout.tokenIds),
    packReals(rollout.logprobs),
    packIntegers(rollout.tokenEnds),
    rollout.finishReason,
    rollout.promptTokens,
    rollout.cachedTokens,
    packTrace(trace, rollout.text),
    trace.confidence,
    flag(rightOf(verdicts.second)),
    rollout.exit === undefined ? null : JSON.stringify(rollout.exit),
    request === undefined ? null : Buffer.from(request, 'hex'),
    rollout.forced ?? null,
  );
  writeVerdict(prepared, id, 'first', verdicts.first);
  writeVerdict(prepared, id, 'second', verdicts.second);
  if (reward) {
    const { first, second, format, fallback, direct = null, total } = reward;
    prepared.reward.run(id, first, second, format, fallback, direct, total);
  }
}

function writeVerdict({ verdict }: Statements, id: number | bigint, answer: string, given: Verdict | null): void {
  if (given) verdict.run(id, answer, given.value, flag(given.correct), given.state, given.normalised);
}

/** No answer at all is wrong; a grader that failed is not known. */
function rightOf(verdict: Verdict | null): boolean | null {
  return verdict === null ? false : verdict.correct;
}

function flag(value: boolean | null): number | null {
  return value === null ? null : Number(value);
}

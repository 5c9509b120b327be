import type { Database } from 'better-sqlite3';
import type { Verdict } from '../records/index.js';
import { packIntegers, packReals, packTrace } from './codec.js';
import type { FailureRow, RolloutRow, Store, UnitCounts } from './types.js';

/** Writes units: rollouts with their traces, verdicts and rewards, and the requests that failed. */
export function rolloutWriter(db: Database): Pick<Store, 'commitUnit'> {
  // Prepared at the first unit: a reader never needs it.
  let writer: ReturnType<typeof prepareRowWriter> | undefined;

  const commit = db.transaction(
    (
      stageId: number,
      unit: string,
      rows: readonly RolloutRow[],
      failures: readonly FailureRow[],
      { cached, retried }: UnitCounts,
    ) => {
      const stage = runningStage(db, stageId);
      db.prepare(
        'INSERT INTO units (stage, name, rollouts, failures, committed_at, cached, retried) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ).run(stageId, unit, rows.length, failures.length, new Date().toISOString(), cached, retried);
      writer ??= prepareRowWriter(db);
      const write = writer;
      for (const row of rows) write(stage, unit, row);
      const insert = db.prepare(
        'INSERT INTO failures (stage, unit, set_name, prompt_id, idx, code, message) VALUES (?, ?, ?, ?, ?, ?, ?)',
      );
      for (const { set, promptId, index, code, message } of failures)
        insert.run(stageId, unit, set, promptId, index, code, message);
    },
  );

  return {
    commitUnit: (stageId, unit, rows, failures = [], counts = { cached: 0, retried: 0 }) =>
      commit.immediate(stageId, unit, rows, failures, counts),
  };
}

interface Stage {
  readonly id: number;
  readonly run: number;
}

function runningStage(db: Database, stageId: number): Stage {
  const stage = db.prepare("SELECT id, run FROM stages WHERE id = ? AND status = 'running'").get(stageId) as
    | Stage
    | undefined;
  if (!stage) throw new Error(`stage ${stageId} is not running, so nothing can be committed to it`);
  return stage;
}

function prepareRowWriter(db: Database) {
  const findPrompt = db
    .prepare('SELECT id FROM prompts WHERE run = ? AND set_name = ? AND prompt_id = ? AND position IS NOT NULL')
    .pluck();
  const insert =
    db.prepare(`INSERT INTO rollouts (stage, unit, prompt, pass, idx, step, key, seed, text, tokens, token_ids, logprobs,
    token_ends, finish_reason, prompt_tokens, cached_tokens, trace, confidence, correct, early_exit, request, forced)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const insertVerdict = db.prepare(
    'INSERT INTO verdicts (rollout, answer, value, correct, state, normalised) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertReward = db.prepare(
    'INSERT INTO rewards (rollout, first, second, format, fallback, direct, total) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );

  return (
    stage: Stage,
    unit: string,
    { set, pass, promptId, rollout, trace, verdicts, reward, step, request }: RolloutRow,
  ): void => {
    const prompt = findPrompt.get(stage.run, set, promptId);
    if (prompt === undefined) throw new Error(`prompt ${promptId} is not in set ${set} of the run`);
    const { lastInsertRowid: id } = insert.run(
      ...[
        stage.id,
        unit,
        prompt,
        pass,
        rollout.index,
        step ?? null,
        rollout.key,
        rollout.seed,
        rollout.text,
        rollout.tokenIds.length,
      ],
      ...[packIntegers(rollout.tokenIds), packReals(rollout.logprobs), packIntegers(rollout.tokenEnds)],
      ...[rollout.finishReason, rollout.promptTokens, rollout.cachedTokens],
      ...[packTrace(trace, rollout.text), trace.confidence, flag(rightOf(verdicts.second))],
      rollout.exit === undefined ? null : JSON.stringify(rollout.exit),
      request === undefined ? null : Buffer.from(request, 'hex'),
      rollout.forced ?? null,
    );
    for (const answer of ['first', 'second'] as const) {
      const verdict = verdicts[answer];
      if (verdict)
        insertVerdict.run(id, answer, verdict.value, flag(verdict.correct), verdict.state, verdict.normalised);
    }
    if (reward) {
      const { first, second, format, fallback, direct = null, total } = reward;
      insertReward.run(id, first, second, format, fallback, direct, total);
    }
  };
}

/** No answer at all is wrong; a grader that failed is not known. */
function rightOf(verdict: Verdict | null): boolean | null {
  return verdict === null ? false : verdict.correct;
}

function flag(value: boolean | null): number | null {
  return value === null ? null : Number(value);
}

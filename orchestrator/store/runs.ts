import type { Database } from 'better-sqlite3';
import type { Prompt } from '../records/index.js';
import { ledgerOf } from './ledger.js';
import { promptSet } from './prompt-set.js';
import type {
  ArtifactRow,
  DecisionRow,
  EventRow,
  FailureRow,
  MetricRow,
  RunRecord,
  StageRecord,
  Status,
  StepRow,
  Store,
} from './types.js';
import { unpackFolder } from './write.js';

type RunQueries = Pick<
  Store,
  | 'findRun'
  | 'listRuns'
  | 'stages'
  | 'artifacts'
  | 'prompts'
  | 'promptSet'
  | 'findPrompt'
  | 'committedUnits'
  | 'failures'
  | 'errors'
  | 'decisions'
  | 'decided'
  | 'steps'
  | 'metrics'
  | 'events'
  | 'ledger'
>;

const ERRORS = `
  SELECT (SELECT count(*) FROM failures WHERE stage = @stage) + (
    SELECT count(*) FILTER (WHERE first_state IN ('timeout', 'error')) + count(*) FILTER (WHERE second_state IN ('timeout', 'error'))
    FROM rollouts WHERE stage = @stage)`;

const RUNS = 'SELECT *, (SELECT json_group_array(tag ORDER BY tag) FROM tags WHERE run = runs.id) AS tags FROM runs';

interface RawRun {
  readonly id: number;
  readonly name: string;
  readonly status: Status;
  readonly reason: string | null;
  readonly recipe_text: string;
  readonly recipe: string;
  readonly folder: string;
  readonly seed: number;
  readonly environment: string;
  readonly note: string | null;
  /** JSON. */
  readonly tags: string;
  readonly created_at: string;
  readonly updated_at: string;
}

interface RawStage {
  readonly id: number;
  readonly name: string;
  readonly key: string;
  readonly attempt: number;
  readonly status: Status;
  readonly superseded: number;
  readonly reason: string | null;
  readonly result: string | null;
  readonly reuses: number;
  readonly seconds: number;
  readonly started_at: string;
  readonly finished_at: string | null;
}

/** Everything read about a run but its rollouts. */
export function runQueries(db: Database, file: string): RunQueries {
  const all = <Row>(sql: string, ...values: unknown[]) => db.prepare(sql).all(...values) as Row[];
  const inCurrent = 'stage IN (SELECT id FROM stages WHERE run = ? AND superseded = 0)';
  return {
    findRun: (name) => all<RawRun>(`${RUNS} WHERE name = ?`, name).map((row) => runOf(row, file))[0],
    listRuns: () => all<RawRun>(`${RUNS} ORDER BY id DESC`).map((row) => runOf(row, file)),
    stages: (runId, options) => {
      const which = options?.all ? '' : 'AND superseded = 0';
      return all<RawStage>(`SELECT * FROM stages WHERE run = ? ${which} ORDER BY id`, runId).map(stageOf);
    },
    artifacts: (runId) =>
      all<ArtifactRow & { stage: string }>(
        `SELECT stages.name AS stage, artifacts.name, path, sha256, bytes FROM artifacts JOIN stages ON stages.id = artifacts.stage
         WHERE run = ? AND superseded = 0 ORDER BY stages.id, artifacts.name`,
        runId,
      ),
    prompts: (runId, set) =>
      all<{ record: string }>(
        'SELECT record FROM prompts WHERE run = ? AND set_name = ? AND position IS NOT NULL ORDER BY position',
        runId,
        set,
      ).map(({ record }) => JSON.parse(record) as Prompt),
    promptSet: (runId, set) => promptSet(db, runId, set),
    findPrompt: (runId, set, promptId) =>
      all<{ record: string }>(
        'SELECT record FROM prompts WHERE run = ? AND set_name = ? AND prompt_id = ? ORDER BY position IS NULL, id DESC LIMIT 1',
        ...[runId, set, promptId],
      ).map(({ record }) => JSON.parse(record) as Prompt)[0],
    committedUnits: (stageId) =>
      new Set(db.prepare('SELECT name FROM units WHERE stage = ?').pluck().all(stageId) as string[]),
    failures: (stageId) =>
      all<FailureRow>(
        'SELECT set_name AS "set", prompt_id AS promptId, idx AS "index", code, message FROM failures WHERE stage = ? ORDER BY unit, prompt_id, idx',
        stageId,
      ),
    errors: (stageId) => db.prepare(ERRORS).pluck().get({ stage: stageId }) as number,
    decisions: (stageId) =>
      all<DecisionRow>(
        'SELECT prompt_id AS promptId, decision, reason, correct, total FROM decisions WHERE stage = ? ORDER BY position',
        stageId,
      ),
    decided: (stageId, as) =>
      db
        .prepare(
          'SELECT position FROM decisions WHERE stage = ? AND decision IN (SELECT value FROM json_each(?)) ORDER BY position',
        )
        .pluck()
        .all(stageId, JSON.stringify(as)) as number[],
    steps: (runId) =>
      all<{ step: number; metrics: string }>(
        `SELECT step, metrics FROM steps WHERE ${inCurrent} ORDER BY step`,
        runId,
      ).map(({ step, metrics }) => ({ step, metrics: JSON.parse(metrics) as StepRow['metrics'] })),
    metrics: (runId) =>
      all<MetricRow & { stage: string }>(
        `SELECT stages.name AS stage, benchmark, policy, metrics.name, value, low, high, n FROM metrics
         JOIN stages ON stages.id = metrics.stage WHERE run = ? AND superseded = 0 ORDER BY stages.id, position`,
        runId,
      ),
    events: (runId) =>
      all<EventRow & { stage: string | null; data: string | null }>(
        'SELECT * FROM events WHERE run = ? ORDER BY id',
        runId,
      ).map(({ at, level, stage, kind, message, data }) => ({
        ...{ at, level, kind, message },
        ...(stage === null ? {} : { stage }),
        ...(data === null ? {} : { data: JSON.parse(data) as unknown }),
      })),
    ledger: (runId) => ledgerOf(db, runId),
  };
}

function runOf(row: RawRun, file: string): RunRecord {
  const { id, name, status, reason, seed, note } = row;
  return {
    ...{ id, name, status, reason, seed, note, tags: JSON.parse(row.tags) as string[] },
    recipeText: row.recipe_text,
    recipe: JSON.parse(row.recipe) as unknown,
    folder: unpackFolder(file, row.folder),
    environment: JSON.parse(row.environment) as unknown,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function stageOf(row: RawStage): StageRecord {
  const { id, name, key, attempt, status, reason, reuses, seconds } = row;
  return {
    ...{ id, name, key, attempt, status, reason, reuses, seconds },
    superseded: row.superseded === 1,
    result: row.result === null ? null : (JSON.parse(row.result) as unknown),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

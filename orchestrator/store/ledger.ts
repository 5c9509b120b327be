import type { Database } from 'better-sqlite3';
import type { Ledger, StageLedger } from './types.js';

const STAGES = `
  SELECT stages.id, stages.name AS stage, stages.status, count(units.name) AS units,
    coalesce(sum(units.rollouts), 0) AS promised, coalesce(sum(units.failures), 0) AS failures,
    coalesce(sum(units.cached), 0) AS cached, coalesce(sum(units.retried), 0) AS retried,
    (SELECT count(*) FROM rollouts WHERE rollouts.stage = stages.id) AS rollouts,
    (SELECT count(*) FROM failures WHERE failures.stage = stages.id) AS failed
  FROM stages LEFT JOIN units ON units.stage = stages.id
  WHERE run = ? AND superseded = 0 GROUP BY stages.id ORDER BY stages.id`;

/** Prompts that a stage has rollouts or failures of; known: some rollout of it has a verdict. */
const HANDLED = `
  SELECT count(*) AS handled, coalesce(sum(known), 0) AS known FROM (
    SELECT max(known) AS known FROM (
      SELECT set_name, prompt_id, correct IS NOT NULL AS known
      FROM rollouts JOIN prompts ON prompts.id = rollouts.prompt WHERE stage = @stage
      UNION ALL SELECT set_name, prompt_id, 0 FROM failures WHERE stage = @stage
    ) GROUP BY set_name, prompt_id)`;

const DECISIONS = 'SELECT decision, count(*) AS n FROM decisions WHERE stage = ? GROUP BY decision';

const SETS = `SELECT set_name, count(*) AS n FROM prompts WHERE run = ? AND position IS NOT NULL
  GROUP BY set_name ORDER BY set_name`;

interface StageRow {
  readonly id: number;
  readonly stage: string;
  readonly status: string;
  readonly units: number;
  readonly promised: number;
  readonly failures: number;
  readonly failed: number;
  readonly cached: number;
  readonly retried: number;
  readonly rollouts: number;
}

type Counts = ReadonlyMap<string, number>;

/** Counted from the rows themselves, never from what a stage said of itself. */
export function ledgerOf(db: Database, runId: number): Ledger {
  const sets = new Map(
    (db.prepare(SETS).all(runId) as { set_name: string; n: number }[]).map(({ set_name, n }) => [set_name, n]),
  );
  const rows = db.prepare(STAGES).all(runId) as StageRow[];
  const decisions = new Map(rows.map(({ id }) => [id, decisionsOf(db, id)]));
  const stages = rows.map((row) => stageLedger(db, row, sets, decisions.get(row.id) ?? new Map()));
  const count = (...names: string[]) => total([...decisions.values()], (each) => sumOf(each, names));
  return {
    prompts: Object.fromEntries(sets),
    ...{ kept: count('keep'), dropped: count('drop'), unknown: count('unknown', 'more') },
    rollouts: total(stages, ({ rollouts }) => rollouts),
    failures: total(stages, ({ failures }) => failures),
    cached: total(stages, ({ cached }) => cached),
    retried: total(stages, ({ retried }) => retried),
    lost: total(stages, ({ lost }) => lost),
    stages,
  };
}

function stageLedger(db: Database, row: StageRow, sets: Counts, decisions: Counts): StageLedger {
  const { stage, units, rollouts, failures, cached, retried } = row;
  const { handled, known } = db.prepare(HANDLED).get({ stage: row.id }) as { handled: number; known: number };
  const decided = decisions.size > 0;
  const done = decided ? sumOf(decisions, ['keep', 'drop']) : known;
  const unknown = decided ? sumOf(decisions, ['unknown', 'more']) : handled - known;
  const promptsIn = promptsOf(stage, sets) ?? handled;
  const left = row.status === 'done' ? Math.max(0, promptsIn - done - unknown) : 0;
  // What units promised against what the tables hold, and prompts that a stage that is done does not speak of.
  const lost = row.promised - rollouts + (failures - row.failed) + left;
  return { stage, units, promptsIn, done, unknown, rollouts, failures, cached, retried, lost };
}

/** Prompts that a stage must handle, every one; undefined for a stage that chooses among them. */
function promptsOf(stage: string, sets: Counts): number | undefined {
  if (stage === 'filter') return sets.get('train') ?? 0;
  if (!stage.startsWith('evaluate')) return undefined;
  return total([...sets], ([set, n]) => (set.startsWith('benchmark:') ? n : 0));
}

function decisionsOf(db: Database, stageId: number): Counts {
  const rows = db.prepare(DECISIONS).all(stageId) as { decision: string; n: number }[];
  return new Map(rows.map(({ decision, n }) => [decision, n]));
}

function sumOf(counts: Counts, names: readonly string[]): number {
  return total(names, (name) => counts.get(name) ?? 0);
}

function total<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

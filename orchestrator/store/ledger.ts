import type { Database } from 'better-sqlite3';
import type { Ledger, StageLedger } from './types.js';

const STAGES = `
  SELECT stages.name AS stage, count(units.name) AS units, coalesce(sum(units.rollouts), 0) AS promised,
    coalesce(sum(units.failures), 0) AS failures, (SELECT count(*) FROM rollouts WHERE rollouts.stage = stages.id) AS rollouts
  FROM stages LEFT JOIN units ON units.stage = stages.id
  WHERE run = ? AND superseded = 0 GROUP BY stages.id ORDER BY stages.id`;

const DECISIONS = `
  SELECT decision, count(*) AS n FROM decisions JOIN stages ON stages.id = decisions.stage
  WHERE run = ? AND superseded = 0 GROUP BY decision`;

/** Counted from the rows themselves, never from what a stage said of itself. */
export function ledgerOf(db: Database, runId: number): Ledger {
  const sets = db
    .prepare(
      'SELECT set_name, count(*) AS n FROM prompts WHERE run = ? AND position IS NOT NULL GROUP BY set_name ORDER BY set_name',
    )
    .all(runId) as { set_name: string; n: number }[];
  const rows = db.prepare(STAGES).all(runId) as (Omit<StageLedger, 'lost'> & { promised: number })[];
  const stages = rows.map(({ promised, ...row }) => ({ ...row, lost: promised - row.rollouts }));
  const decisions = new Map(
    (db.prepare(DECISIONS).all(runId) as { decision: string; n: number }[]).map(({ decision, n }) => [decision, n]),
  );
  const count = (...names: string[]) => names.reduce((sum, name) => sum + (decisions.get(name) ?? 0), 0);
  return {
    prompts: Object.fromEntries(sets.map(({ set_name, n }) => [set_name, n])),
    kept: count('keep'),
    dropped: count('drop'),
    unknown: count('unknown', 'more'),
    rollouts: stages.reduce((sum, stage) => sum + stage.rollouts, 0),
    failures: stages.reduce((sum, stage) => sum + stage.failures, 0),
    stages,
  };
}

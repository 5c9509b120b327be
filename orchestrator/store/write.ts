import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Database } from 'better-sqlite3';
import { UserError } from '../errors.js';
import type { NewRun, StartedStage, Store } from './types.js';
import { savePrompts } from './write-prompts.js';

type RunWriter = Pick<
  Store,
  | 'createRun'
  | 'updateRun'
  | 'setNote'
  | 'changeTags'
  | 'setRunStatus'
  | 'removeRun'
  | 'removeUnreferenced'
  | 'startStage'
  | 'finishStage'
  | 'failStage'
  | 'savePrompts'
  | 'saveDecisions'
  | 'saveStep'
  | 'saveMetrics'
  | 'addEvent'
>;

interface StageRow {
  readonly id: number;
  readonly key: string;
  readonly status: string;
  readonly result: string | null;
  readonly attempt: number;
}

/** Everything written about a run but its rollouts. Each call is one transaction, or (prompts) counts from its last one on. */
export function runWriter(db: Database, file: string): RunWriter {
  const now = () => new Date().toISOString();
  /** When this process began to work on a stage: a stage may take several sittings. */
  const sittings = new Map<number, number>();
  const secondsOf = (stageId: number) => (performance.now() - (sittings.get(stageId) ?? performance.now())) / 1000;

  function createRun(run: NewRun): number {
    const sql = `INSERT INTO runs (name, status, recipe_text, recipe, folder, seed, environment, created_at, updated_at)
      VALUES (?, 'running', ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING`;
    const { recipeText, seed } = run;
    const folder = packFolder(file, run.folder);
    const result = db
      .prepare(sql)
      .run(run.name, recipeText, json(run.recipe), folder, seed, json(run.environment), now(), now());
    if (result.changes === 1) return Number(result.lastInsertRowid);
    throw new UserError({
      code: 'run-exists',
      kind: 'usage',
      message: `there is a run named ${run.name} already`,
      fix: `choose another name with --run, or take it away with vauto runs remove ${run.name}`,
    });
  }

  function updateRun(runId: number, changes: Parameters<Store['updateRun']>[1]): void {
    const text = (value: unknown) => (value === undefined ? null : json(value));
    const sql = `UPDATE runs SET recipe_text = coalesce(?, recipe_text), recipe = coalesce(?, recipe), seed = coalesce(?, seed),
      environment = coalesce(?, environment), updated_at = ? WHERE id = ?`;
    const { recipeText, recipe, seed, environment } = changes;
    db.prepare(sql).run(recipeText ?? null, text(recipe), seed ?? null, text(environment), now(), runId);
  }

  const startStage: Store['startStage'] = db.transaction(
    (runId: number, name: string, key: string, { force = false }: { force?: boolean } = {}): StartedStage => {
      const select = 'SELECT id, key, status, result, attempt FROM stages WHERE run = ? AND name = ?';
      const current = db.prepare(`${select} AND superseded = 0`).get(runId, name) as StageRow | undefined;
      const match = force ? undefined : current?.key === key ? current : earlierAttempt(db, select, runId, name, key);
      if (match?.id !== current?.id)
        db.prepare('UPDATE stages SET superseded = 1 WHERE run = ? AND name = ?').run(runId, name);
      if (match?.status === 'done') {
        db.prepare('UPDATE stages SET superseded = 0, reuses = reuses + 1 WHERE id = ?').run(match.id);
        return {
          ...{ id: match.id, reused: true, resumed: false, attempt: match.attempt },
          result: JSON.parse(match.result ?? 'null'),
        };
      }
      const id = match ? continueStage(db, match.id) : insertStage(db, runId, name, key, now());
      sittings.set(id, performance.now());
      const attempt = db.prepare('SELECT attempt FROM stages WHERE id = ?').pluck().get(id) as number;
      return { id, reused: false, resumed: match !== undefined, attempt, result: null };
    },
  ).immediate;

  const finish = db.transaction((stageId: number, result: object, artifacts: Parameters<Store['finishStage']>[2]) => {
    const insert = db.prepare('INSERT INTO artifacts (stage, name, path, sha256, bytes) VALUES (?, ?, ?, ?, ?)');
    for (const { name, path, sha256, bytes } of artifacts) insert.run(stageId, name, path, sha256, bytes);
    const sql = `UPDATE stages SET status = 'done', reason = NULL, result = ?, finished_at = ?, seconds = seconds + ?
      WHERE id = ? AND status = 'running'`;
    const { changes } = db.prepare(sql).run(json(result), now(), secondsOf(stageId), stageId);
    if (changes !== 1) throw new Error(`stage ${stageId} is not running, so it cannot be finished`);
  });

  function finishStage(stageId: number, result: object, artifacts: Parameters<Store['finishStage']>[2]): void {
    // The pragma has no effect inside a transaction. The sync covers all earlier commits too: they lie in the same log.
    db.pragma('synchronous = FULL');
    try {
      finish.immediate(stageId, result, artifacts);
    } finally {
      db.pragma('synchronous = NORMAL');
    }
  }

  return {
    createRun,
    updateRun,
    setNote: (runId, note) => {
      db.prepare('UPDATE runs SET note = ? WHERE id = ?').run(note, runId);
    },
    changeTags: db.transaction((runId, { add = [], remove = [] }) => {
      const insert = db.prepare('INSERT INTO tags (run, tag) VALUES (?, ?) ON CONFLICT DO NOTHING');
      for (const tag of add) insert.run(runId, tag);
      const take = db.prepare('DELETE FROM tags WHERE run = ? AND tag = ?');
      for (const tag of remove) take.run(runId, tag);
    }).immediate as Store['changeTags'],
    setRunStatus: (runId, status, reason) => {
      db.prepare('UPDATE runs SET status = ?, reason = ?, updated_at = ? WHERE id = ?').run(
        status,
        reason ?? null,
        now(),
        runId,
      );
    },
    removeRun: (runId) => {
      db.prepare('DELETE FROM runs WHERE id = ?').run(runId);
    },
    removeUnreferenced: db.transaction(() => removeUnreferenced(db)).immediate,
    startStage,
    finishStage,
    failStage: (stageId, reason, status) => {
      const sql = 'UPDATE stages SET status = ?, reason = ?, finished_at = ?, seconds = seconds + ? WHERE id = ?';
      db.prepare(sql).run(status, reason, now(), secondsOf(stageId), stageId);
    },
    savePrompts: (runId, set, prompts) => savePrompts(db, runId, set, prompts),
    saveDecisions: db.transaction((stageId, decisions) => {
      const insert = db.prepare('INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?)');
      let position = 0;
      for (const { promptId, decision, reason, correct, total } of decisions) {
        insert.run(stageId, promptId, decision, reason, correct, total, position);
        position += 1;
      }
    }).immediate as Store['saveDecisions'],
    saveStep: (stageId, step, metrics) => {
      db.prepare('INSERT OR REPLACE INTO steps VALUES (?, ?, ?)').run(stageId, step, json(metrics));
    },
    saveMetrics: db.transaction((stageId, metrics) => {
      const count = db
        .prepare('SELECT coalesce(max(position), -1) + 1 FROM metrics WHERE stage = ?')
        .pluck()
        .get(stageId) as number;
      const insert = db.prepare('INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
      for (const [index, { benchmark, policy, name, value, low, high, n }] of metrics.entries()) {
        insert.run(stageId, benchmark, policy, name, value, low ?? null, high ?? null, n, count + index);
      }
    }).immediate as Store['saveMetrics'],
    addEvent: (runId, { level, stage, kind, message, data }) => {
      const insert = 'INSERT INTO events (run, at, level, stage, kind, message, data) VALUES (?, ?, ?, ?, ?, ?, ?)';
      db.prepare(insert).run(runId, now(), level, stage ?? null, kind, message, data === undefined ? null : json(data));
    },
  };
}

function removeUnreferenced(db: Database): ReturnType<Store['removeUnreferenced']> {
  const replaced = 'SELECT id FROM stages WHERE superseded = 1';
  const rollouts = db.prepare(`SELECT count(*) FROM rollouts WHERE stage IN (${replaced})`).pluck().get() as number;
  const { changes: stages } = db.prepare('DELETE FROM stages WHERE superseded = 1').run();
  const { changes: prompts } = db
    .prepare('DELETE FROM prompts WHERE position IS NULL AND id NOT IN (SELECT prompt FROM rollouts)')
    .run();
  return { stages, rollouts, prompts };
}

/**
 * An earlier attempt that is done with this key and left no files counts again. One that left files does not: the
 * attempts since then wrote to the same places.
 */
function earlierAttempt(db: Database, select: string, runId: number, name: string, key: string): StageRow | undefined {
  const sql = `${select} AND key = ? AND status = 'done' AND id NOT IN (SELECT stage FROM artifacts) ORDER BY attempt DESC LIMIT 1`;
  return db.prepare(sql).get(runId, name, key) as StageRow | undefined;
}

function continueStage(db: Database, id: number): number {
  db.prepare(
    "UPDATE stages SET status = 'running', reason = NULL, finished_at = NULL, superseded = 0 WHERE id = ?",
  ).run(id);
  return id;
}

function insertStage(db: Database, runId: number, name: string, key: string, at: string): number {
  const sql = `INSERT INTO stages (run, name, key, attempt, status, started_at)
    SELECT ?, ?, ?, coalesce(max(attempt), 0) + 1, 'running', ? FROM stages WHERE run = ? AND name = ?`;
  return Number(db.prepare(sql).run(runId, name, key, at, runId, name).lastInsertRowid);
}

/** A run folder beside the store is kept relative, so that both can be moved or copied together. */
function packFolder(file: string, folder: string): string {
  if (file === ':memory:') return folder;
  const inside = relative(dirname(file), resolve(folder));
  return inside.startsWith('..') || isAbsolute(inside) ? resolve(folder) : inside.split(sep).join('/');
}

export function unpackFolder(file: string, folder: string): string {
  return file === ':memory:' || isAbsolute(folder) ? folder : join(dirname(file), folder);
}

function json(value: unknown): string {
  return JSON.stringify(value ?? null);
}

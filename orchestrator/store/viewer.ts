import type { Database } from 'better-sqlite3';
import type { Prompt } from '../records/index.js';
import { explained } from './explain.js';
import { openReader } from './open.js';
import { gradedParts, type Raw, storedRollout } from './rollouts.js';
import type { EventRow, StepRow } from './types.js';
import type {
  Answers,
  EventsFrom,
  Facts,
  Headline,
  PromptName,
  ViewedLine,
  ViewedRollout,
  ViewedRun,
  ViewedStage,
  Viewer,
} from './viewer-types.js';
import { unpackFolder } from './write.js';

/** Opens a store for the run browser. Throws UserError `no-store`, `store-too-new`, `store-damaged`. */
export function openViewer(file: string): Viewer {
  const db = openReader(file, TIMEOUT_MS);
  return explained<Viewer>(
    {
      ...runViews(db, file),
      ...rolloutViews(db),
      version: () => db.pragma('data_version', { simple: true }) as number,
      close: () => void db.close(),
    },
    file,
  );
}

const TIMEOUT_MS = 5000;

const RUN = `SELECT id, name, status, reason, folder, note, created_at AS createdAt, updated_at AS updatedAt,
  (SELECT json_group_array(tag ORDER BY tag) FROM tags WHERE run = runs.id) AS tags FROM runs`;

const STAGES = `SELECT id, run, name, status, seconds, started_at AS startedAt, finished_at AS finishedAt
  FROM stages WHERE superseded = 0`;

/** The mean over all questions; where a run has but one benchmark, that one's. */
const HEADLINE = `SELECT name, value FROM metrics WHERE stage = @stage AND policy = 'auto' AND name IN ('accuracy', 'tokens', 'think-ratio')
  ORDER BY benchmark = 'overall'`;

const ACTIVITY = `SELECT max(at) FROM (
  SELECT max(committed_at) AS at FROM units JOIN stages ON stages.id = units.stage WHERE run = @run AND superseded = 0
  UNION ALL SELECT max(started_at) FROM stages WHERE run = @run
  UNION ALL SELECT max(at) FROM events WHERE run = @run)`;

const COUNTS = `SELECT stage, sum(units.rollouts) FROM units JOIN stages ON stages.id = units.stage
  WHERE run = ? AND superseded = 0 GROUP BY stage`;

type RunViews = Pick<
  Viewer,
  'runs' | 'run' | 'stages' | 'lastActivity' | 'rolloutCounts' | 'headline' | 'rewards' | 'steps' | 'events'
>;

function runViews(db: Database, file: string): RunViews {
  const all = <Row>(sql: string, ...values: unknown[]) => db.prepare(sql).all(...values) as Row[];
  const runs = (sql: string, ...values: unknown[]): ViewedRun[] =>
    all<ViewedRun & { tags: string }>(sql, ...values).map((run) => ({
      ...run,
      folder: unpackFolder(file, run.folder),
      tags: JSON.parse(run.tags) as string[],
    }));
  return {
    runs: () => runs(`${RUN} ORDER BY id DESC`),
    run: (key) => runs(`${RUN} WHERE ${typeof key === 'number' ? 'id' : 'name'} = ?`, key)[0],
    stages: (runId) =>
      runId === undefined
        ? all<ViewedStage>(`${STAGES} ORDER BY id`)
        : all<ViewedStage>(`${STAGES} AND run = ? ORDER BY id`, runId),
    rolloutCounts: (runId) => new Map(db.prepare(COUNTS).raw().all(runId) as [number, number][]),
    lastActivity: (runId) => db.prepare(ACTIVITY).pluck().get({ run: runId }) as string | null,
    headline: (stageId) => {
      const found = new Map(
        all<{ name: string; value: number | null }>(HEADLINE, { stage: stageId }).map(({ name, value }) => [
          name,
          value,
        ]),
      );
      const of = (name: string) => found.get(name) ?? null;
      return { accuracy: of('accuracy'), tokens: of('tokens'), thinkRatio: of('think-ratio') } satisfies Headline;
    },
    rewards: (stageId) =>
      db
        .prepare(
          "SELECT metrics ->> '$.reward_mean' AS reward FROM steps WHERE stage = ? AND reward IS NOT NULL ORDER BY step",
        )
        .pluck()
        .all(stageId) as number[],
    steps: (runId, after) =>
      all<{ step: number; metrics: string }>(
        `SELECT step, metrics FROM steps WHERE stage IN (SELECT id FROM stages WHERE run = ? AND superseded = 0) AND step > ? ORDER BY step`,
        ...[runId, after],
      ).map(({ step, metrics }) => ({ step, metrics: JSON.parse(metrics) as StepRow['metrics'] })),
    events: (runId, from) =>
      eventRows(db, runId, from).map(({ id, at, level, stage, kind, message, data }) => ({
        ...{ id, at, level, kind, message },
        ...(stage === null ? {} : { stage }),
        ...(data === null ? {} : { data: JSON.parse(data) as unknown }),
      })),
  };
}

type RawEvent = EventRow & { id: number; stage: string | null; data: string | null };

function eventRows(db: Database, runId: number, from: EventsFrom): RawEvent[] {
  const forward = 'after' in from;
  const sql = `SELECT * FROM events WHERE run = ? AND id ${forward ? '> ? ORDER BY id' : '< ? ORDER BY id DESC'} LIMIT ?`;
  const rows = db.prepare(sql).all(runId, forward ? from.after : from.before, from.limit) as RawEvent[];
  return forward ? rows : rows.reverse();
}

const FACTS = `SELECT id, prompt, pass, idx, step, tokens, finish_reason, correct, confidence, first_correct, first_state,
  second_correct, second_state, reward_total FROM rollouts WHERE stage = ? AND id > ? ORDER BY id LIMIT ?`;

/** The fourth number of a packed trace is the tokens up to the first answer (trace-codec.ts). */
const ANSWERS = `SELECT id, prompt, confidence, first_correct, trace ->> '$[3]', second_correct, tokens
  FROM rollouts WHERE stage = ? AND pass = ? ORDER BY id`;

const QUESTIONS = `SELECT id, record ->> '$.media[0].sha256', record ->> '$.question',
  json_array(record -> '$.answer', record -> '$.spans', record -> '$.options')
  FROM prompts WHERE run = ? AND set_name LIKE 'benchmark:%'`;

const GROUP = `SELECT other.id FROM rollouts AS one JOIN rollouts AS other
  ON other.prompt = one.prompt AND other.stage = one.stage AND other.pass = one.pass AND other.step IS one.step
  WHERE one.id = ? ORDER BY other.idx`;

const BY_ID = `FROM rollouts
  JOIN stages ON stages.id = rollouts.stage
  JOIN prompts ON prompts.id = rollouts.prompt
  WHERE rollouts.id IN (SELECT value FROM json_each(?))`;
const NAMES = 'stages.name AS stage_name, stages.run AS run, prompts.set_name, prompts.prompt_id, prompts.record';
const WHOLE = `SELECT rollouts.*, ${NAMES} ${BY_ID}`;

/** Everything but the tokens, which lie at the end of a row and are not read then. */
const LINES = `SELECT rollouts.id, rollouts.stage, pass, idx, step, finish_reason, correct, confidence, trace, text,
  first_value, first_correct, first_state, first_normalised, second_value, second_correct, second_state, second_normalised,
  reward_first, reward_second, reward_format, reward_fallback, reward_direct, reward_total, ${NAMES} ${BY_ID}`;

type RolloutViews = Pick<Viewer, 'promptNames' | 'facts' | 'answers' | 'questions' | 'lines' | 'rollouts' | 'group'>;

function rolloutViews(db: Database): RolloutViews {
  return {
    promptNames: (runId) =>
      db
        .prepare('SELECT id, set_name, prompt_id, source, problem_type FROM prompts WHERE run = ?')
        .raw()
        .all(runId) as unknown as PromptName[],
    facts: (stageId, after, limit) => db.prepare(FACTS).raw().all(stageId, after, limit) as unknown as Facts[],
    answers: (stageId, pass) => db.prepare(ANSWERS).raw().all(stageId, pass) as unknown as Answers[],
    questions: (runId) =>
      new Map(
        (db.prepare(QUESTIONS).raw().all(runId) as [number, string | null, string, string][]).map(
          ([id, media, question, gold]) => [id, { media, question, gold }],
        ),
      ),
    lines: (ids) => {
      const rows = inOrder(ids, db.prepare(LINES).all(JSON.stringify(ids)) as RawViewed[]);
      // Rollouts of one prompt often stand together.
      const prompts = new Map<string, Prompt>();
      return rows.map((row) => {
        const prompt = prompts.get(row.record) ?? (JSON.parse(row.record) as Prompt);
        prompts.set(row.record, prompt);
        return viewedLine(row, prompt);
      });
    },
    rollouts: (ids) => inOrder(ids, db.prepare(WHOLE).all(JSON.stringify(ids)) as RawViewed[]).map(viewed),
    group: (id) => db.prepare(GROUP).pluck().all(id) as number[],
  };
}

type RawViewed = Raw & { readonly run: number; readonly record: string };

function inOrder(ids: readonly number[], rows: readonly RawViewed[]): RawViewed[] {
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => found.get(id) ?? []);
}

function viewed(row: RawViewed): ViewedRollout {
  return { ...storedRollout(row), runId: row.run, prompt: JSON.parse(row.record) as Prompt };
}

function viewedLine(row: RawViewed, prompt: Prompt): ViewedLine {
  const rollout = { index: row.idx, finishReason: row.finish_reason };
  return { ...gradedParts(row), rollout, runId: row.run, prompt };
}

import type { Database } from 'better-sqlite3';
import { UserError } from '../errors.js';
import type { ExitRecord, FinishReason, Reward, Rollout, Verdict, VerdictState } from '../records/index.js';
import { unpackIntegers, unpackReals } from './codec.js';
import { unpackTrace } from './trace-codec.js';
import type { Outcome, RolloutFilter, RolloutPage, Store, StoredRollout } from './types.js';

/** Rows read at a time by `stageRows`. */
const PAGE = 500;
/** A page is held in memory whole. */
const MAX_LIMIT = 10_000;

const SELECT = `
  SELECT rollouts.*, stages.name AS stage_name, prompts.set_name, prompts.prompt_id
  FROM rollouts
  JOIN stages ON stages.id = rollouts.stage
  JOIN prompts ON prompts.id = rollouts.prompt`;

/** Part by part of the index, the newest first. CROSS JOIN: in this order, whatever SQLite thinks of it. */
const RECALL = `
  WITH RECURSIVE parts (part) AS (
    SELECT max(id) >> 16 FROM rollouts UNION ALL SELECT part - 1 FROM parts WHERE part > 0
  )
  SELECT rollouts.*, prompts.prompt_id
  FROM parts
  CROSS JOIN rollouts ON rollouts.id >> 16 = part AND substr(request, 1, 4) = substr(@hash, 1, 4) AND request = @hash
  JOIN prompts ON prompts.id = rollouts.prompt
  LIMIT 1`;

/** Small rows: many at a time. */
const OUTCOME_PAGE = 5000;

const OUTCOMES = `
  SELECT rollouts.id, prompts.prompt_id AS promptId, prompts.position AS place, idx AS "index", tokens, correct,
    second_state AS state, second_value AS value
  FROM rollouts JOIN prompts ON prompts.id = rollouts.prompt
  WHERE rollouts.stage = ? AND rollouts.id > ? ORDER BY rollouts.id LIMIT ${OUTCOME_PAGE}`;

interface RawOutcome extends Omit<Outcome, 'correct'> {
  readonly correct: number | null;
  /** Null without a second answer. */
  readonly state: string | null;
}

interface RawRollout {
  readonly prompt_id: string;
  readonly idx: number;
  readonly key: string;
  readonly seed: number;
  readonly text: string;
  readonly tokens: number;
  readonly token_ids: Buffer;
  readonly logprobs: Buffer;
  readonly token_ends: Buffer;
  readonly finish_reason: FinishReason;
  readonly prompt_tokens: number;
  readonly cached_tokens: number;
  readonly early_exit: string | null;
  readonly forced: number | null;
}

export interface Raw extends RawRollout {
  readonly id: number;
  readonly stage: number;
  readonly stage_name: string;
  readonly set_name: string;
  readonly pass: string;
  readonly step: number | null;
  readonly trace: string;
  readonly confidence: number | null;
  readonly correct: number | null;
  readonly first_value: number | null;
  readonly first_correct: number | null;
  readonly first_state: VerdictState | null;
  readonly first_normalised: string | null;
  readonly second_value: number | null;
  readonly second_correct: number | null;
  readonly second_state: VerdictState | null;
  readonly second_normalised: string | null;
  readonly reward_first: number | null;
  readonly reward_second: number | null;
  readonly reward_format: number | null;
  readonly reward_fallback: number | null;
  readonly reward_direct: number | null;
  readonly reward_total: number | null;
}

export function rolloutQueries(db: Database): Pick<Store, 'rollouts' | 'stageRows' | 'outcomes' | 'recall'> {
  return {
    rollouts: (filter) => page(db, filter),
    recall: (requests) => recall(db, requests),
    stageRows: function* (stageId) {
      // Page by page: a statement that is being stepped through would block every write of this connection.
      const select = db.prepare(
        `${SELECT} WHERE rollouts.stage = ? AND rollouts.id > ? ORDER BY rollouts.id LIMIT ${PAGE}`,
      );
      for (let last = 0; ; ) {
        const rows = select.all(stageId, last) as Raw[];
        for (const row of rows) yield storedRollout(row);
        const end = rows.at(-1);
        if (rows.length < PAGE || end === undefined) return;
        last = end.id;
      }
    },
    outcomes: function* (stageId, after = 0) {
      const select = db.prepare(OUTCOMES);
      for (let last = after; ; ) {
        const rows = select.all(stageId, last) as RawOutcome[];
        for (const row of rows) yield outcomeOf(row);
        const end = rows.at(-1);
        if (rows.length < OUTCOME_PAGE || end === undefined) return;
        last = end.id;
      }
    },
  };
}

function outcomeOf({ id, promptId, place, index, tokens, correct, state, value }: RawOutcome): Outcome {
  return { id, promptId, place, index, tokens, correct: bool(correct), value: state === null ? 0 : value };
}

/** One by one: each is a look into an index. The newest row of several counts; they are alike. */
function recall(db: Database, requests: readonly string[]): Map<string, Rollout> {
  const find = db.prepare(RECALL);
  return new Map(
    requests.flatMap((request): [string, Rollout][] => {
      const row = find.get({ hash: Buffer.from(request, 'hex') }) as RawRollout | undefined;
      return row === undefined ? [] : [[request, rolloutOf(row)]];
    }),
  );
}

/**
 * Keyset page in the order (stage, id): the next page costs the same however far in it is. Stage by stage, for one statement
 * over several stages would sort all their rows for each page.
 */
function page(db: Database, filter: RolloutFilter): RolloutPage {
  const limit = Math.max(1, Math.min(MAX_LIMIT, Math.floor(filter.limit)));
  const [fromStage, fromId] = filter.after === undefined ? [0, 0] : parseToken(filter.after);
  const { set = null, promptId = null, correct } = filter;
  const conditions = [
    // Of one prompt there are few rollouts: they are found by its index, not by the stage's.
    `${promptId === null ? '' : '+'}rollouts.stage = @stage`,
    'rollouts.id > @after',
    ...(set === null ? [] : ['prompts.set_name = @set']),
    ...(promptId === null
      ? []
      : ['rollouts.prompt IN (SELECT id FROM prompts WHERE run = @run AND prompt_id = @promptId)']),
    ...(correct === undefined ? [] : ['rollouts.correct = @correct']),
  ];
  const select = db.prepare(`${SELECT} WHERE ${conditions.join(' AND ')} ORDER BY rollouts.id LIMIT @limit`);
  const values = { run: filter.run, set, promptId, correct: correct ? 1 : 0 };
  const rows: Raw[] = [];
  for (const stage of stagesOf(db, filter)) {
    if (stage < fromStage || rows.length > limit) continue;
    const after = stage === fromStage ? fromId : 0;
    // One more than asked for tells whether there is a next page.
    rows.push(...(select.all({ ...values, stage, after, limit: limit + 1 - rows.length }) as Raw[]));
  }
  const last = rows[limit - 1];
  return {
    rows: rows.slice(0, limit).map(storedRollout),
    next: rows.length > limit && last ? makeToken(last.stage, last.id) : null,
  };
}

/** Ids of the attempts that a page is taken of, in order. */
function stagesOf(db: Database, { run, stage }: RolloutFilter): number[] {
  const which =
    stage === undefined
      ? 'superseded = 0'
      : typeof stage === 'number'
        ? 'id = @stage'
        : 'name = @stage AND superseded = 0';
  const sql = `SELECT id FROM stages WHERE run = @run AND ${which} ORDER BY id`;
  return db
    .prepare(sql)
    .pluck()
    .all({ run, stage: stage ?? null }) as number[];
}

function makeToken(stage: number, id: number): string {
  return Buffer.from(`${stage}.${id}`).toString('base64url');
}

function parseToken(token: string): [number, number] {
  const found = /^(\d{1,15})\.(\d{1,15})$/.exec(Buffer.from(token, 'base64url').toString('latin1'));
  if (found) return [Number(found[1]), Number(found[2])];
  throw new UserError({
    code: 'bad-page-token',
    kind: 'usage',
    message: `${JSON.stringify(token)} is no page token`,
    fix: 'use the value that the page before gave as "next"',
  });
}

function rolloutOf(row: RawRollout): Rollout {
  const { tokens } = row;
  return {
    key: row.key,
    promptId: row.prompt_id,
    index: row.idx,
    seed: row.seed,
    text: row.text,
    tokenIds: unpackIntegers(row.token_ids, tokens),
    logprobs: unpackReals(row.logprobs, tokens),
    tokenEnds: unpackIntegers(row.token_ends, tokens),
    finishReason: row.finish_reason,
    promptTokens: row.prompt_tokens,
    cachedTokens: row.cached_tokens,
    ...(row.forced === null ? {} : { forced: row.forced }),
    ...(row.early_exit === null ? {} : { exit: JSON.parse(row.early_exit) as ExitRecord }),
  };
}

export function storedRollout(row: Raw): StoredRollout {
  return { ...gradedParts(row), rollout: rolloutOf(row) };
}

/** What is known of a rollout beside its completion: field by field, as there are many (objects that are spread take microseconds). */
export function gradedParts(row: Raw): Omit<StoredRollout, 'rollout'> {
  return {
    id: row.id,
    stageId: row.stage,
    stage: row.stage_name,
    set: row.set_name,
    promptId: row.prompt_id,
    pass: row.pass,
    trace: unpackTrace(row.trace, row.text, row.confidence),
    verdicts: {
      first: verdictOf(row.first_state, row.first_value, row.first_correct, row.first_normalised),
      second: verdictOf(row.second_state, row.second_value, row.second_correct, row.second_normalised),
    },
    reward: rewardOf(row),
    correct: bool(row.correct),
    ...(row.step === null ? {} : { step: row.step }),
  };
}

function verdictOf(
  state: VerdictState | null,
  value: number | null,
  correct: number | null,
  normalised: string | null,
): Verdict | null {
  return state === null ? null : { value, correct: bool(correct), state, normalised };
}

function rewardOf(row: Raw): Reward | null {
  const { reward_first, reward_second, reward_format, reward_fallback, reward_direct, reward_total } = row;
  if (reward_total === null) return null;
  const parts = {
    first: reward_first ?? 0,
    second: reward_second ?? 0,
    format: reward_format ?? 0,
    fallback: reward_fallback ?? 0,
    ...(reward_direct === null ? {} : { direct: reward_direct }),
  };
  return { ...parts, total: reward_total };
}

function bool(value: number | null): boolean | null {
  return value === null ? null : value === 1;
}

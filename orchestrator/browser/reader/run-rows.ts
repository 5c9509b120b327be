import { LRUCache } from 'lru-cache';
import { asItStands } from '../../pipeline/as-it-stands.js';
import { groupBy } from '../../records/index.js';
import type { Headline, ViewedRun, ViewedStage, Viewer } from '../../store/index.js';
import type { RunRow, RunStatus } from '../api/index.js';

/** A run that has written nothing for so long is stalled. */
const STALLED_MS = 10 * 60_000;
const SPARK_POINTS = 40;
/** A look at all runs holds for so long, and where nothing was committed until a process may have died. */
const FRESH_MS = 500;
const ALIVE_MS = 1000;
/** Runs that are looked at by themselves. */
const KEPT = 200;

/** When, and at which state of the store. */
interface Look {
  readonly at: number;
  readonly version: number;
}

/** A run's line with what it was made from. */
export interface KnownRun {
  readonly run: ViewedRun;
  readonly stages: readonly ViewedStage[];
  readonly row: RunRow;
  /** The turn at which the line last changed. */
  readonly changed: number;
}

/** The lines of all runs, read again only where something changed. */
export class RunRows {
  #known = new Map<string, KnownRun>();
  #sparks = new Map<number, { readonly signature: string; readonly reward: readonly number[] }>();
  #removed: { readonly name: string; readonly turn: number }[] = [];
  #turn = 0;
  #listed: KnownRun[] = [];
  #read: Look = { at: Number.NEGATIVE_INFINITY, version: -1 };
  readonly #single = new LRUCache<string | number, Look & { readonly known: KnownRun }>({ max: KEPT });

  constructor(readonly viewer: Viewer) {}

  /** Counts the looks at the store. */
  get turn(): number {
    return this.#turn;
  }

  /** Newest first, as they stand now or stood a moment ago; `reward` is empty (see `withReward`). */
  read(now = Date.now()): KnownRun[] {
    if (this.#isFresh(this.#read)) return this.#listed;
    this.#read = this.#lookNow();
    this.#listed = this.#look(now);
    return this.#listed;
  }

  /** One run, by its name or id: read by itself, as a look at all of many runs takes longer than most questions. */
  find(key: string | number): KnownRun | undefined {
    const kept = this.#single.get(key);
    if (kept !== undefined && this.#isFresh(kept)) return kept.known;
    const look = this.#lookNow();
    const run = this.viewer.run(key);
    if (run === undefined) return undefined;
    const known = this.#line(asItStands(run), this.viewer.stages(run.id), Date.now());
    this.#single.set(key, { ...look, known });
    return known;
  }

  #lookNow(): Look {
    return { at: performance.now(), version: this.viewer.version() };
  }

  #isFresh({ at, version }: Look): boolean {
    const age = performance.now() - at;
    return age < FRESH_MS || (age < ALIVE_MS && version === this.viewer.version());
  }

  #look(now: number): KnownRun[] {
    this.#turn += 1;
    const byRun = groupBy(this.viewer.stages(), ({ run }) => run);
    const listed = this.viewer.runs().map((run) => this.#line(asItStands(run), byRun.get(run.id) ?? [], now));
    const known = new Map(listed.map((item) => [item.run.name, item]));
    for (const name of this.#known.keys()) if (!known.has(name)) this.#removed.push({ name, turn: this.#turn });
    this.#known = known;
    return listed;
  }

  /** Names that were there at a turn and are not any more. */
  removedSince(turn: number): string[] {
    return this.#removed.filter((item) => item.turn > turn && !this.#known.has(item.name)).map(({ name }) => name);
  }

  /** With the curve of its reward: read for the lines that are shown alone. */
  withReward({ row, stages }: KnownRun): RunRow {
    const train = stages.find(({ name }) => name === 'train');
    if (train === undefined) return row;
    const signature = `${row.updatedAt}|${train.status}|${train.status === 'running' ? this.#turn : ''}`;
    const spark = this.#sparks.get(train.id);
    const reward = spark?.signature === signature ? spark.reward : thinned(this.viewer.rewards(train.id));
    this.#sparks.set(train.id, { signature, reward });
    return { ...row, reward };
  }

  #line(run: ViewedRun, stages: readonly ViewedStage[], now: number): KnownRun {
    const before = this.#known.get(run.name);
    const moving = run.status === 'running';
    if (before !== undefined && !moving && sameAs(before, run, stages)) return before;
    const row = this.#rowOf(run, stages, now);
    const changed =
      before !== undefined && JSON.stringify(before.row) === JSON.stringify(row) ? before.changed : this.#turn;
    return { run, stages, row, changed };
  }

  #rowOf(run: ViewedRun, stages: readonly ViewedStage[], now: number): RunRow {
    const { name, reason, tags, note, createdAt, updatedAt } = run;
    const counts = this.viewer.rolloutCounts(run.id);
    const { accuracy, tokens, thinkRatio } = this.#headline(stages);
    return {
      ...{ name, reason, tags, note, createdAt, updatedAt },
      status: this.#statusOf(run, now),
      stage: stages.at(-1)?.name ?? null,
      stagesDone: stages.filter(({ status }) => status === 'done').length,
      seconds: stages.reduce((sum, { seconds }) => sum + seconds, 0),
      rollouts: [...counts.values()].reduce((sum, count) => sum + count, 0),
      ...{ accuracy, thinkRatio, meanTokens: tokens, reward: [] },
    };
  }

  #statusOf({ id, status }: ViewedRun, now: number): RunStatus {
    if (status !== 'running') return status;
    const last = this.viewer.lastActivity(id);
    return last !== null && now - Date.parse(last) > STALLED_MS ? 'stalled' : 'running';
  }

  /** Of the last evaluation that is done: after training, or before. */
  #headline(stages: readonly ViewedStage[]): Headline {
    const done = (name: string) => stages.find((stage) => stage.name === name && stage.status === 'done');
    const stage = done('evaluate') ?? done('evaluate-before');
    return stage === undefined ? { accuracy: null, tokens: null, thinkRatio: null } : this.viewer.headline(stage.id);
  }
}

/** Field by field: there are thousands of them at each look. */
function sameAs(before: KnownRun, run: ViewedRun, stages: readonly ViewedStage[]): boolean {
  if (!RUN_FIELDS.every((field) => before.run[field] === run[field])) return false;
  if (before.run.tags.join() !== run.tags.join() || before.stages.length !== stages.length) return false;
  return stages.every((stage, place) => STAGE_FIELDS.every((field) => before.stages[place]?.[field] === stage[field]));
}

const RUN_FIELDS = ['id', 'status', 'reason', 'note', 'updatedAt', 'folder'] as const;
const STAGE_FIELDS = ['id', 'status', 'seconds', 'finishedAt'] as const;

/** Means over equal parts, at most SPARK_POINTS of them. */
function thinned(values: readonly number[]): number[] {
  const count = Math.min(values.length, SPARK_POINTS);
  return Array.from({ length: count }, (_, part) => {
    const slice = values.slice(
      Math.floor((part * values.length) / count),
      Math.floor(((part + 1) * values.length) / count),
    );
    return slice.reduce((sum, value) => sum + value, 0) / slice.length;
  });
}

import PQueue from 'p-queue';
import { parseCompletion } from '../answer/index.js';
import { gradeMany, type MathVerifier } from '../grading/index.js';
import { opensThinking } from '../prompting/index.js';
import type { Recipe } from '../recipe/index.js';
import type { Media, Prompt, Rollout } from '../records/index.js';
import { adaptThinkReward, dualAnswerReward } from '../reward/index.js';
import { isFailure, type RolloutEngine, type RolloutFailure, type RolloutRequest } from '../rollout/engine.js';
import { type EngineIdentity, requestKey } from '../rollout/index.js';
import type { RolloutRow, Store } from '../store/index.js';
import { adaptiveFlight, fixedFlight } from './flight.js';
import type { CollectJob, CollectSummary, Determinism, Reuse, StageProgress } from './stage.js';
import { mediaOf, requestsOf, type Unit, unitsOf } from './units.js';

/** What collecting needs besides the job. */
export interface Collector {
  readonly recipe: Recipe;
  readonly system: string | undefined;
  readonly store: Store;
  readonly stageId: number;
  readonly verifyMath: MathVerifier;
  readonly progress: StageProgress;
  readonly signal: AbortSignal;
  readonly determinism: Determinism;
  readonly reuse: Reuse;
  /** What decides a completion besides its request. */
  identity(): Promise<EngineIdentity>;
  engine(): Promise<RolloutEngine>;
}

/** A unit on its way: requests by their key, and what has come of them. */
interface Load {
  readonly unit: Unit;
  readonly prompts: readonly Prompt[];
  readonly requests: readonly RolloutRequest[];
  /** `requestKey` of each request, in order. */
  readonly keys: readonly string[];
  readonly rollouts: Rollout[];
  readonly failures: RolloutFailure[];
  readonly cached: number;
  retried: number;
}

/**
 * Prompts → rollouts → traces → verdicts → store. The unit of work is a fixed batch of whole groups; each is committed
 * whole, so a resumed run repeats at most the units in flight. Requests that the store has an answer to are not made again. Grading and
 * committing overlap with generating what comes next.
 */
export async function collect(collector: Collector, job: CollectJob): Promise<CollectSummary> {
  const committed = collector.store.committedUnits(collector.stageId);
  const units = unitsOf(job, collector.recipe.engine.unit);
  const open = units.filter((unit) => !committed.has(unit.name));
  const identity = open.length === 0 ? undefined : await collector.identity();
  const flight = collector.determinism === 'bitwise' ? fixedFlight() : adaptiveFlight();
  const totals = { rollouts: 0, failures: 0, cached: 0, generatedTokens: 0, promptTokens: 0, engineSeconds: 0 };
  const tell = progressOf(
    collector,
    job,
    units.filter((unit) => committed.has(unit.name)),
    totals,
  );
  const commits = new PQueue({ concurrency: 1 });
  let failed: unknown;

  const commit = async (load: Load): Promise<void> => {
    const rows = await gradeRollouts(collector, job, load.prompts, load.rollouts);
    const keys = new Map(load.requests.map((request, place) => [nameOf(request), load.keys[place]]));
    const named = rows.map((row) => ({ ...row, request: keys.get(nameOf(row.rollout)) as string }));
    const failures = load.failures.map((failure) => ({ set: job.set, ...failure }));
    const { cached, retried } = load;
    collector.store.commitUnit(collector.stageId, load.unit.name, named, failures, { cached, retried });
    totals.rollouts += rows.length;
    totals.failures += failures.length;
    totals.cached += cached;
    for (const { rollout } of rows) totals.promptTokens += rollout.promptTokens;
    tell.graded(rows);
  };

  try {
    for (let place = 0; place < open.length; ) {
      collector.signal.throwIfAborted();
      if (failed !== undefined) break;
      const loads = open.slice(place, place + flight.width).map((unit) => prepare(collector, job, unit, identity));
      place += loads.length;
      for (const load of loads) tell.cached(load.cached);
      const started = performance.now();
      const next = open.slice(place, place + flight.width);
      const following = () => mediaOf(next);
      const tokens = await generate(collector, loads, following, (count) => {
        totals.generatedTokens += count;
        tell.done(1, totals.engineSeconds + (performance.now() - started) / 1000);
      });
      const seconds = (performance.now() - started) / 1000;
      if (tokens > 0) totals.engineSeconds += seconds;
      flight.landed(tokens, seconds);
      // One flight may wait for its commit while the next is generated; more would only hold memory.
      await commits.onIdle();
      for (const load of loads) {
        void commits
          .add(() => commit(load))
          .catch((error: unknown) => {
            failed ??= error;
          });
      }
    }
  } finally {
    // Also after an interruption: what was generated is committed, and the store is not closed under it.
    await commits.onIdle();
  }
  if (failed !== undefined) throw failed;
  return totals;
}

/** The unit's requests, and what the store has of them. */
function prepare(collector: Collector, job: CollectJob, unit: Unit, identity: EngineIdentity | undefined): Load {
  const prompts = [...unit.prompts];
  const requests = requestsOf(collector.recipe, collector.system, job, prompts);
  const keys = requests.map((request) => requestKey(request, identity as EngineIdentity));
  const known = collector.reuse === 'none' ? new Map<string, Rollout>() : collector.store.recall(keys);
  const usable = collector.reuse === 'request' || known.size === new Set(keys).size;
  const rollouts = requests.flatMap(({ promptId, index }, place) => {
    const rollout = usable ? known.get(keys[place] as string) : undefined;
    return rollout === undefined ? [] : [{ ...rollout, promptId, index }];
  });
  return { unit, prompts, requests, keys, rollouts, failures: [], cached: rollouts.length, retried: 0 };
}

/** Makes what the loads do not have yet, in one call; resolves with the tokens generated. */
async function generate(
  collector: Collector,
  loads: readonly Load[],
  following: () => readonly Media[],
  onDone: (tokens: number) => void,
) {
  const waiting = new Map<string, Load>();
  const requests = loads.flatMap((load) => {
    const there = new Set(load.rollouts.map(nameOf));
    const own = load.requests.filter((request) => !there.has(nameOf(request)));
    for (const request of own) waiting.set(nameOf(request), load);
    return own;
  });
  if (requests.length === 0) return 0;
  const engine = await collector.engine();
  let tokens = 0;
  await engine.generate(requests, {
    signal: collector.signal,
    onNote: (message) => collector.progress.note(message),
    following,
    onRetry: (count) => {
      // Which of them does not matter: a ledger counts them.
      const [load] = loads;
      if (load) load.retried += count;
    },
    onResult: (result) => {
      const load = waiting.get(nameOf(result));
      if (isFailure(result)) load?.failures.push(result);
      else load?.rollouts.push(result);
      const count = isFailure(result) ? 0 : result.tokenIds.length;
      tokens += count;
      onDone(count);
    },
  });
  collector.signal.throwIfAborted();
  return tokens;
}

function nameOf({ promptId, index }: { readonly promptId: string; readonly index: number }): string {
  return `${index}/${promptId}`;
}

/** Tells how far the job is: requests done of all, tokens a second, how many are right so far. */
function progressOf(
  { progress }: Collector,
  job: CollectJob,
  finished: readonly Unit[],
  totals: { readonly generatedTokens: number },
) {
  const { before, total } = job.progress ?? { before: 0, total: job.prompts.length * job.count };
  let done = before + finished.reduce((sum, unit) => sum + unit.prompts.length, 0) * job.count;
  const right = { graded: 0, correct: 0 };
  let share: { readonly right?: string } = {};
  let cached = 0;
  return {
    /** Requests that the store had an answer to. */
    cached(count: number): void {
      cached += count;
      if (count > 0) this.done(count, 0);
    },
    done(count: number, seconds: number): void {
      done += count;
      progress.update(done, total, {
        pass: job.pass,
        ...(cached > 0 ? { 'from the store': cached } : {}),
        ...(seconds > 0 ? { 'tokens/s': Math.round(totals.generatedTokens / seconds) } : {}),
        ...share,
      });
    },
    graded(rows: readonly RolloutRow[]): void {
      right.graded += rows.length;
      right.correct += rows.filter(({ verdicts }) => verdicts.second?.correct).length;
      if (right.graded > 0) share = { right: (right.correct / right.graded).toFixed(2) };
    },
  };
}

/** Parses, grades and rewards rollouts of the given prompts; rows come out ordered by prompt and index. */
export async function gradeRollouts(
  grader: Pick<Collector, 'recipe' | 'verifyMath'>,
  job: Pick<CollectJob, 'set' | 'pass'>,
  prompts: readonly Prompt[],
  rollouts: readonly Rollout[],
): Promise<RolloutRow[]> {
  const { mode, parsers } = grader.recipe.prompting;
  const { reward: weights, train } = grader.recipe;
  const reading = { formatRule: weights.formatRule, parsers, thinkOpened: opensThinking(train.adaptThink) };
  const places = new Map(prompts.map((prompt, place) => [prompt.id, { prompt, place }]));
  const items = rollouts.flatMap((rollout) => {
    const found = places.get(rollout.promptId);
    return found ? [{ ...found, rollout, trace: parseCompletion(rollout, mode, reading) }] : [];
  });
  items.sort((a, b) => a.place - b.place || a.rollout.index - b.rollout.index);
  const verdicts = await gradeMany(items, {
    verifyMath: grader.verifyMath,
    correctThreshold: weights.correctThreshold,
  });
  return items.map(({ prompt, rollout, trace }, index) => {
    const graded = verdicts[index] ?? { first: null, second: null };
    const reward =
      mode === 'adapt-think'
        ? adaptThinkReward(trace, graded, weights, train.adaptThink.delta)
        : dualAnswerReward(trace, graded, weights, mode);
    return { set: job.set, pass: job.pass, promptId: prompt.id, rollout, trace, verdicts: graded, reward };
  });
}

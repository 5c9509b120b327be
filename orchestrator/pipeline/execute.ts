import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as evaluation from '../evaluation/stage.js';
import * as filter from '../filter/stage.js';
import { benchmarkSet } from '../records/index.js';
import * as report from '../report/stage.js';
import * as sweep from '../sweep/stage.js';
import { pushTrained } from '../training/push.js';
import * as training from '../training/stage.js';
import { contentKey } from './key.js';
import type { Session } from './session.js';
import type { StageContext, StageName, StageResult } from './stage.js';
import { stageNames } from './stage.js';
import { thumbnailsOf } from './thumbnails.js';

/** A finished stage as later stages see it. */
interface Done<Summary> {
  readonly stageId: number;
  /** Of its inputs; where the stage was run again for the same inputs, with the attempt: what read the first is stale. */
  readonly key: string;
  readonly summary: Summary;
}

/** Thrown to leave `execute` after the stage named by `--until`. */
class Reached extends Error {}

/**
 * The table of contents of vauto: filter → evaluate → train → evaluate → sweep → report. A stage whose key is already
 * done in this run is taken from the store; an unfinished one continues after its last committed unit.
 */
export async function execute(session: Session): Promise<void> {
  const { recipe } = session.loaded;
  const base = session.model;
  const world = { libraries: session.libraries, template: session.templateHash, seed: recipe.seed };
  const weightsKey = await session.weightsKey(base);
  const evaluationSets = recipe.data.benchmarks.map((item) => session.promptsKey(benchmarkSet(item.name)));

  try {
    const filtered = recipe.filter.enabled
      ? await stage(
          session,
          'filter',
          {
            version: filter.version,
            ...world,
            weightsKey,
            config: filter.inputs(recipe),
            prompts: session.promptsKey('train'),
          },
          (context) => filter.run(context, base),
        )
      : undefined;
    const all = session.prompts.get('train') ?? [];
    const kept = filtered ? filter.keptOf({ recipe, store: session.store }, all, filtered.stageId) : all;

    const evaluated = {
      version: evaluation.version,
      ...world,
      config: evaluation.inputs(recipe),
      prompts: evaluationSets,
    };
    let policy = base;
    let before: Done<evaluation.EvaluationSummary> | undefined;
    let trained: Done<training.TrainSummary> | undefined;
    if (recipe.train.enabled) {
      before = await stage(session, 'evaluate-before', { ...evaluated, weightsKey }, (context) =>
        evaluation.run(context, base),
      );
      const inputs = {
        version: training.version,
        ...world,
        weightsKey,
        config: training.inputs(recipe),
        kept: Array.from(kept, ({ id }) => id),
        accelerate: session.accelerate,
        prompts: session.promptsKey('train'),
      };
      trained = await stage(
        session,
        'train',
        inputs,
        (context) => training.run(context, base, kept),
        (context, { step }) => pushTrained(context, step),
      );
      policy = join(session.runFolder, trained.summary.checkpoint);
    }

    const after = await stage(
      session,
      'evaluate',
      { ...evaluated, weightsKey: trained?.key ?? weightsKey, before: before?.key },
      (context) => evaluation.run(context, policy, before?.stageId),
    );
    const swept = await stage(
      session,
      'sweep',
      { version: sweep.version, config: sweep.inputs(recipe), evaluation: after.key },
      (context) => sweep.run(context, policy, after.stageId),
    );
    await stage(
      session,
      'report',
      { version: report.version, config: report.inputs(recipe), sweep: swept.key, train: trained?.key },
      (context) => report.run(context, thumbnailsOf(session, context)),
    );
  } catch (error) {
    if (!(error instanceof Reached)) throw error;
  }
}

/**
 * Runs one stage, or takes it from the store; marks it done together with its artifacts, or failed with the reason.
 * `afterwards` is for what concerns its result but must not undo it, each time that the stage is found done.
 */
async function stage<Summary>(
  session: Session,
  name: StageName,
  inputs: unknown,
  body: (context: StageContext) => Promise<StageResult<Summary>>,
  afterwards?: (context: StageContext, summary: Summary) => Promise<void>,
): Promise<Done<Summary>> {
  session.signal.throwIfAborted();
  const { store, runId } = session;
  const key = contentKey({ stage: name, inputs });
  const fresh = session.force.has(name);
  const started = store.startStage(runId, name, key, { force: fresh || hasErrors(session, name, key) });
  const progress = session.progress(name);
  const done = { stageId: started.id, key: started.attempt === 1 ? key : `${key}#${started.attempt}` };
  const end = async (summary: Summary, outcome: 'cached' | 'done') => {
    try {
      await afterwards?.(session.context(name, started.id, progress, fresh), summary);
    } finally {
      progress.end(outcome);
    }
    return reachedOr(session, name, { ...done, summary });
  };
  if (started.reused) return end(started.result as Summary, 'cached');
  // Checkpoints and files of an attempt under another key must not be continued.
  if (!started.resumed) rmSync(join(session.runFolder, name), { recursive: true, force: true });
  let summary: Summary;
  try {
    session.runtime.usage();
    const result = await body(session.context(name, started.id, progress, fresh));
    session.signal.throwIfAborted();
    const message = `what ${name} took`;
    const data = { ...session.runtime.usage(), determinism: session.determinism };
    store.addEvent(runId, { level: 'info', stage: name, kind: 'usage', message, data });
    // The last that can fail: what comes after it must not mark a stage that is done as failed.
    store.finishStage(started.id, result.summary as object, result.artifacts);
    summary = result.summary;
  } catch (error) {
    const interrupted = session.signal.aborted;
    const outcome = interrupted ? 'interrupted' : 'failed';
    progress.end(outcome);
    store.failStage(started.id, error instanceof Error ? error.message : String(error), outcome);
    throw error;
  }
  return end(summary, 'done');
}

/** With `--retry errors`: whether the attempt that counts has failed rollouts or rollouts without a verdict. */
function hasErrors({ retry, store, runId }: Session, name: StageName, key: string): boolean {
  if (retry !== 'errors') return false;
  const current = store.stages(runId).find((stage) => stage.name === name);
  return current?.key === key && store.errors(current.id) > 0;
}

function reachedOr<Summary>(session: Session, name: StageName, done: Done<Summary>): Done<Summary> {
  if (session.until !== undefined && stageNames.indexOf(name) >= stageNames.indexOf(session.until)) throw new Reached();
  return done;
}

import { UserError } from '../errors.js';
import { type Prompt, type PromptSet, Selection } from '../records/index.js';
import { videoBudget } from './params.js';
import { compareParity } from './parity.js';
import { type GateContext, paritySamples, wireSample } from './parity-samples.js';

/**
 * Engine and trainer must see the same prompt ids, media, positions and log-probs, or training would optimise another
 * model. Resolves with the largest gap between log-probs; throws UserError with the first difference.
 */
export async function parityGate(context: GateContext, weights: string, prompts: PromptSet): Promise<number | null> {
  const { recipe } = context;
  if (recipe.train.paritySamples === 0) return null;
  context.progress.note('parity gate: comparing engine and trainer');
  const engine = await context.engine(weights);
  const samples = await paritySamples(context, engine, firstOf(prompts, recipe.train.paritySamples));
  if (samples.length === 0) return null;
  const fromEngine = await engine.inspect(samples);
  if (context.sleep) await engine.sleep?.();
  const { items } = await context
    .trainer()
    .call('train.logprobs', { model: weights, video_budget: videoBudget(recipe), samples: samples.map(wireSample) });
  const report = compareParity(items, fromEngine, { tolerance: recipe.train.parityTolerance });
  if (report.ok) return report.maxGap;
  throw new UserError({
    code: 'parity',
    kind: 'check',
    message: `engine and trainer disagree before step 1: ${report.firstDifference ?? 'log-probs differ'}`,
    fix: 'check that engine.args and the installed versions are those of vauto setup; docs/training.md lists known causes',
  });
}

function firstOf(prompts: PromptSet, count: number): Prompt[] {
  return [
    ...new Selection(
      prompts,
      Array.from({ length: Math.min(count, prompts.length) }, (_, place) => place),
    ),
  ];
}

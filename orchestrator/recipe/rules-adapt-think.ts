import type { Problem } from './finder.js';
import type { Path } from './place.js';
import type { Rule } from './rules.js';
import type { Recipe } from './schema.js';

/** What the mode adapt-think needs: beginnings that are forced, halves that are equal, the correction that makes up for both. */
export const adaptThinkRules: readonly Rule[] = [
  inItsMode(halvesAreEqual),
  inItsMode(onlyTheEngineForces),
  inItsMode(correctionStays),
  inItsMode(beginningsDiffer),
  inItsMode(thinkingIsNotCut),
  inItsMode(serverForcesNothing),
];

const MODE: Path = ['prompting', 'mode'];

function inItsMode(rule: Rule): Rule {
  return (recipe) => (recipe.prompting?.mode === 'adapt-think' ? rule(recipe) : []);
}

function problem(path: Path, message: string, fix: string): Problem[] {
  return [{ code: 'contradiction', path, message, other: MODE, fix }];
}

function halvesAreEqual({ train }: Partial<Recipe>): Problem[] {
  if (!train?.enabled || train.groupSize % 2 === 0) return [];
  const { groupSize } = train;
  const message = `train.groupSize is ${groupSize}, which has no halves: in the mode adapt-think one answers at once, the other thinks`;
  return problem(['train', 'groupSize'], message, `set train.groupSize to ${groupSize + 1}`);
}

function onlyTheEngineForces({ train }: Partial<Recipe>): Problem[] {
  if (!train?.enabled || train.generation === 'engine') return [];
  const message = `train.generation is ${train.generation}, but only the engine can force the beginnings of the mode adapt-think`;
  return problem(['train', 'generation'], message, 'set train.generation to engine');
}

function correctionStays({ train }: Partial<Recipe>): Problem[] {
  if (!train?.enabled || train.trl.vllm_importance_sampling_correction !== false) return [];
  const message =
    'train.trl.vllm_importance_sampling_correction is false, but without it forced beginnings would be learnt as if the model had chosen them';
  return problem(['train', 'trl', 'vllm_importance_sampling_correction'], message, 'remove it');
}

function beginningsDiffer({ train }: Partial<Recipe>): Problem[] {
  if (train === undefined) return [];
  const { direct, think } = train.adaptThink;
  const path: Path = ['train', 'adaptThink', 'think'];
  if (direct.startsWith(think) || think.startsWith(direct)) {
    const message = `train.adaptThink.direct ("${direct}") and .think ("${think}") begin alike, so a reply does not show what was chosen`;
    return problem(path, message, 'use two beginnings that differ in their first token');
  }
  if (!direct.startsWith('</think>') || !think.startsWith('<think>')) return [];
  const message = 'train.adaptThink.direct closes a think tag that the chat template opened, but .think opens it again';
  return problem(path, message, 'give the first word of a thought as train.adaptThink.think, such as Alright');
}

function thinkingIsNotCut({ evaluate }: Partial<Recipe>): Problem[] {
  if (evaluate?.thinkBudget === undefined) return [];
  const message = 'evaluate.thinkBudget is given, but a reply whose beginning is forced takes no think budget';
  return problem(
    ['evaluate', 'thinkBudget'],
    message,
    'remove evaluate.thinkBudget; evaluate.maxTokens limits a reply',
  );
}

/** Only what the model chooses by itself can be asked of a server. */
function serverForcesNothing({ engine, evaluate }: Partial<Recipe>): Problem[] {
  const forced = evaluate?.policies.find((policy) => policy !== 'auto');
  if (engine?.kind !== 'openai' || forced === undefined) return [];
  const message = `engine.kind is openai, but the policy ${forced} of the mode adapt-think forces how replies begin, which a server cannot`;
  return problem(['engine', 'kind'], message, 'set engine.kind to vllm, or evaluate.policies to [auto]');
}

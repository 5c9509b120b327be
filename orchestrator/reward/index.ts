import { isFallback, type Reward, type RewardWeights, type Trace, type Verdicts } from '../records/index.js';

export type Mode = 'answer-twice' | 'cot' | 'direct';

export function dualAnswerReward(trace: Trace, verdicts: Verdicts, weights: RewardWeights, mode: Mode): Reward | null {
  const first = valueIn(verdicts.first);
  const second = valueIn(verdicts.second);
  if (second === null || (mode === 'answer-twice' && first === null)) return null;
  const bonus =
    mode === 'answer-twice' && trace.fallback && verdicts.second?.correct && !isFallback(trace.second?.text ?? '')
      ? weights.fallback
      : 0;
  const firstValue = mode === 'answer-twice' ? (first ?? 0) : 0;
  const task =
    mode === 'answer-twice'
      ? weights.first * firstValue + weights.second * second
      : (weights.first + weights.second) * second;
  return {
    first: firstValue,
    second,
    format: trace.format,
    fallback: bonus,
    total: task + weights.format * trace.format + bonus,
  };
}

function valueIn(verdict: Verdicts['first']): number | null {
  return verdict === null ? 0 : verdict.value;
}

import { benchmarkOf, type Prompt } from '../records/index.js';
import type { RolloutRow } from '../store/index.js';
import type { SweepRow } from './input.js';

/** A recorded greedy rollout as a row of the sweep; questions about one video are one cluster. */
export function sweepRowOf({ promptId, set, trace, verdicts }: RolloutRow, prompt: Prompt | undefined): SweepRow {
  return {
    id: promptId,
    benchmark: benchmarkOf(set),
    cluster: prompt?.media[0]?.sha256 ?? promptId,
    confidence: trace.confidence,
    first: { value: Number(verdicts.first?.correct ?? false), tokens: trace.tokens.first },
    second: { value: Number(verdicts.second?.correct ?? false), tokens: trace.tokens.total },
  };
}

import type { Prompt, PromptSet, Trace, Verdicts } from '../records/index.js';
import type { Store } from '../store/index.js';

/** One graded trace of a benchmark prompt. */
export interface Sample {
  readonly prompt: Prompt;
  /** Samples of one cluster (one video) are not independent: intervals are drawn over clusters. */
  readonly cluster: string;
  /** `greedy` or `sampled`. */
  readonly pass: string;
  readonly trace: Trace;
  readonly verdicts: Verdicts;
}

/** The stored traces of a stage about these prompts, by set; samples about one video form a cluster for the intervals. */
export function samplesOf(
  store: Pick<Store, 'stageRows'>,
  stageId: number,
  prompts: ReadonlyMap<string, PromptSet>,
): Sample[] {
  const known = new Map(
    [...prompts].map(([set, list]) => [set, new Map(Array.from(list, (prompt) => [prompt.id, prompt]))]),
  );
  return [...store.stageRows(stageId)].flatMap(({ set, promptId, pass, trace, verdicts }) => {
    const prompt = known.get(set)?.get(promptId);
    if (!prompt) return [];
    return [{ prompt, cluster: prompt.media[0]?.sha256 ?? prompt.id, pass, trace, verdicts }];
  });
}

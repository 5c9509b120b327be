import { z } from 'zod';
import type { Store } from '../../store/index.js';

const sweepSchema = z.object({
  pooled: z.object({ chosen: z.object({ threshold: z.number(), accuracy: z.number() }) }),
});

/** What a run's sweep chose over all benchmarks; undefined where none is done. */
export function sweepChoice(store: Store, runId: number) {
  const swept = store.stages(runId).find((stage) => stage.name === 'sweep' && stage.status === 'done');
  return sweepSchema.safeParse(swept?.result).data?.pooled.chosen;
}

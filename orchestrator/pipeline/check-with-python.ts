import { join } from 'node:path';
import type { RowKeeper } from '../data/index.js';
import { withAlgebra } from './check-gold.js';
import type { Runtime } from './context.js';
import { type ReadSets, refuseBad, siftSets } from './load-data.js';
import { withMediaProbe } from './probe-media.js';
import type { StageProgress } from './stage.js';

/**
 * The two checks of rows that need Python, in one pass: golds that are formulas are read, and media opened. Throws UserErrors
 * when rows fail in sources that may have no bad ones. `runsFolder` keeps what was found good between runs.
 */
export async function checkWithPython(
  read: ReadSets,
  runsFolder: string,
  { verifyMath, bridge }: Pick<Runtime, 'verifyMath' | 'bridge'>,
  progress: Pick<StageProgress, 'update'>,
  signal: AbortSignal,
  keep?: () => RowKeeper,
): Promise<ReadSets> {
  const total = [...read.values()].flat().reduce((sum, { rows }) => sum + rows.length, 0);
  const media = {
    worker: bridge.worker('math'),
    cache: join(runsFolder, 'media-probes.json'),
    signal,
    onProgress: (done: number) => progress.update(done, total),
  };
  const algebra = { verifyMath, cache: join(runsFolder, 'math-golds.json'), signal };
  const sets = await withAlgebra(algebra, (readable) =>
    withMediaProbe(media, (probed) => siftSets(read, (items, file) => probed(readable(items, file), file), keep)),
  );
  refuseBad(sets);
  return sets;
}

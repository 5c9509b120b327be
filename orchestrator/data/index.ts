/** Manifests → prompts, with every bad row and its place. */
export { Counter, type SourceCounts } from './counts.js';
export { type FileFormat, formatByEnding } from './files/format.js';
export { lettersTakenOff } from './gold.js';
export { inChunks } from './in-order.js';
export { MediaHasher, readCache, saveCache } from './media.js';
export { shownPath } from './name.js';
export { normalisedRow } from './normalised.js';
export { rowError, sourceErrors } from './problems.js';
export { type ReadSource, readRows, readSource, type Sift, sifted } from './read.js';
export { inFile, inMemory, type RowKeeper, type Rows } from './row-spool.js';
export { SeenIds } from './seen-ids.js';
export {
  isRejected,
  type ReadRow,
  type Rejected,
  type RejectionCode,
  type Source,
  type SourceContext,
  type SourceSpec,
} from './source.js';
export { sources } from './sources/index.js';

/** Manifests → prompts, with every bad row and its place. */
export { type LoadContext, type LoadedPrompts, loadPrompts, rowError, type SourceCounts } from './load.js';
export { MediaHasher } from './media.js';
export {
  isRejected,
  type Rejected,
  type RejectionCode,
  type Source,
  type SourceContext,
  type SourceSpec,
} from './source.js';
export { sources } from './sources/index.js';

/** What vauto remembers between processes: one SQLite file. Only this folder knows SQL. */
export { type StoreState, storeState } from './check.js';
export { type OpenOptions, openStore } from './open.js';
export { type Restored, restoreStore } from './restore.js';
export {
  type Ends,
  type Found,
  openSearch,
  openSearchBuilder,
  type SearchBuilder,
  type SearchIndex,
  searchTerms,
} from './search/index.js';
export type * from './types.js';
export { openViewer } from './viewer.js';
export type * from './viewer-types.js';

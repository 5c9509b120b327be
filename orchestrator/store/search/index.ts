/**
 * The full-text index of a store: a file beside it (file.ts) that is built a little at a time (build.ts) and asked for
 * the rollouts of a run (find.ts), by several threads where there are many (threads.ts).
 */
export { openSearchBuilder, type SearchBuilder } from './build.js';
export { type Ends, type Found, openSearch, type SearchIndex } from './find.js';
export { searchTerms } from './terms.js';

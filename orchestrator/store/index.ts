/** What vauto remembers between processes: one SQLite file. Only this folder knows SQL. */
export { type OpenOptions, openStore } from './open.js';
export type * from './types.js';

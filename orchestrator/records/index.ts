/** The nouns that cross a border: one zod schema, one type and a sentence per field each. */
export * from './fallback.js';
export * from './group.js';
export * from './overall.js';
export * from './prompt.js';
export * from './prompt-set.js';
export * from './recording.js';
export * from './reward.js';
export * from './rollout.js';
export * from './trace.js';
export * from './verdict.js';

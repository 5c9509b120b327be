/** Engines that produce completions. */
export * from './engine.js';
export { type EngineIdentity, requestKey, rolloutKey } from './key.js';
export { createOpenAiEngine, type MediaUrls, type OpenAiEngineOptions } from './openai/index.js';
export { createEnginePool } from './pool.js';
export { openRecordings, type Recordings } from './recordings.js';
export { createReplayEngine, type ReplayEngineOptions } from './replay.js';
export { createVllmEngine, type EngineWorker, type VllmEngineOptions } from './vllm.js';

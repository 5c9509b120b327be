/** Engines that produce completions. */
export * from './engine.js';
export { requestKey, rolloutKey } from './key.js';
export { createOpenAiEngine, type MediaUrls, type OpenAiEngineOptions } from './openai/index.js';
export { createReplayEngine, type Recording, type ReplayEngineOptions } from './replay.js';
export { createVllmEngine, type EngineWorker, type VllmEngineOptions } from './vllm.js';

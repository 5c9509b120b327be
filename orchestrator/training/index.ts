export { videoBudget } from './params.js';
export { compareParity, type ParityReport, type TrainerItem } from './parity.js';
export { writePromptsFile } from './prompts-file.js';
export * as stage from './stage.js';

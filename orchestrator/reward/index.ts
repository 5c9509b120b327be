/** Verdicts → reward, and what GRPO makes of a group's rewards. */
export { adaptThinkReward } from './adapt-think.js';
export { batchAdvantages, groupAdvantages, type Scale } from './advantage.js';
export { dualAnswerReward, type Mode } from './dual-answer.js';

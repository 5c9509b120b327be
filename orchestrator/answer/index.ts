/** Completion → Trace: the boxes, the format point, the confidence of the first answer. */
export { type ParserChain, type ParserName, parserNames } from './chain.js';
export { comparable, confidenceOf, exitsAt } from './confidence.js';
export type { FormatRule } from './format.js';
export { answerOf, type Completion, type Mode, parseCompletion, type Reading, withPrefix } from './parse.js';

/** Trace + Prompt → Verdicts, by the rules of docs/grading.md. */

export { type GroundedAnswer, isRightLetter, parseGrounded } from './gqa.js';
export { type GradeOptions, gradeMany, gradeTrace } from './grade.js';
export type { MathItem, MathResult, MathVerifier } from './math.js';
export { bestIop, bestIou, type ParsedSpan, parseSpan, temporalIop, temporalIou } from './temporal-iou.js';

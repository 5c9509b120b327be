/** Trace + Prompt → Verdicts, by the rules of docs/grading.md. */

export { type GroundedAnswer, isRightLetter, parseGrounded } from './gqa.js';
export { type GradeOptions, gradeMany, gradeTrace } from './grade.js';
export { algebraOf, type MathItem, type MathResult, type MathVerifier } from './math.js';
export { bestIop, bestIou, type ParsedSpan, parseSpan, temporalIop, temporalIou } from './temporal-iou.js';

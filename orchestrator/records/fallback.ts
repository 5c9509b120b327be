/** What a1 holds when the question cannot be answered without reasoning (paper, section 3.1). */
export const FALLBACK_SENTENCE = "Let's analyze the problem step by step.";

/** Whether a box's text is the fallback sentence; the curly apostrophe of the paper's typeset prompt counts too. */
export function isFallback(boxText: string): boolean {
  if (boxText.length < FALLBACK_SENTENCE.length) return false;
  return boxText.trim().replaceAll('’', "'") === FALLBACK_SENTENCE;
}

/** What a1 holds when the question cannot be answered without reasoning (paper, section 3.1). */
export const FALLBACK_SENTENCE = "Let's analyze the problem step by step.";

const WITHOUT_STOP = FALLBACK_SENTENCE.slice(0, -1);

/** Whether a box's text is the fallback sentence, as the paper writes it: also with a curly apostrophe, or without the full stop. */
export function isFallback(boxText: string): boolean {
  if (boxText.length < WITHOUT_STOP.length) return false;
  const text = boxText.trim().replaceAll('’', "'");
  return text === FALLBACK_SENTENCE || text === WITHOUT_STOP;
}

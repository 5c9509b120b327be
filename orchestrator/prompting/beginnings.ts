/** What a reply begins with that answers at once, and one that thinks first (AdaptThink, arXiv 2505.13417). */
export interface Beginnings {
  readonly direct: string;
  readonly think: string;
}

/** Whether the chat template opens the think tag, so that a direct reply has to close it. */
export function opensThinking({ direct }: Beginnings): boolean {
  return direct.startsWith('</think>');
}

/** How a group begins: the first half of its indices directly, the others thinking. */
export function beginningOf(index: number, groupSize: number, { direct, think }: Beginnings): string {
  return index < groupSize / 2 ? direct : think;
}

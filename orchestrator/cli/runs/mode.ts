import type { RunRecord } from '../../store/index.js';

/** How the prompts of a run ask for answers; only answer-twice has a gate between two of them. */
export function modeOf({ recipe }: Pick<RunRecord, 'recipe'>): string {
  return (recipe as { prompting?: { mode?: string } } | null)?.prompting?.mode ?? 'answer-twice';
}

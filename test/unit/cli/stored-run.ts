import { rmSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import type { RolloutRow } from '../../../orchestrator/store/index.js';
import { promptOf, rowOf, storeWithRun } from '../store/rows.js';

/** A runs folder with the run `first`: these rows in one stage that is done. Removed when the test ends. */
export function runsFolder(
  stage: string,
  rows: readonly RolloutRow[],
  questions: Readonly<Record<string, string>> = {},
) {
  const { folder, file, store, runId } = storeWithRun();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const ids = [...new Set(rows.map(({ promptId }) => promptId))];
  for (const set of new Set(rows.map((row) => row.set))) {
    const prompts = ids.map((id) => ({ ...promptOf(id), question: questions[id] ?? `What is ${id}?` }));
    store.savePrompts(runId, set, prompts);
  }
  const { id } = store.startStage(runId, stage, 'key');
  store.commitUnit(id, 'all', rows);
  store.finishStage(id, {}, []);
  store.setRunStatus(runId, 'done');
  store.close();
  return { folder, file };
}

interface Answered {
  readonly confidence?: number | null;
  readonly first?: boolean;
  readonly second?: boolean | null;
  readonly text?: string;
  readonly tokens?: number;
}

/** One rollout, with both answers graded as told. */
export function answered(
  promptId: string,
  index: number,
  given: Answered = {},
  where: Partial<RolloutRow> = {},
): RolloutRow {
  const { confidence = 0.5, first = false, second = true, text, tokens = 3 } = given;
  const row = rowOf(promptId, index, second);
  const { length } = text ?? row.rollout.text;
  return {
    ...row,
    ...where,
    rollout: {
      ...row.rollout,
      text: text ?? row.rollout.text,
      tokenIds: Array(tokens).fill(5),
      logprobs: Array(tokens).fill(0),
      tokenEnds: Array.from({ length: tokens }, (_, place) => Math.ceil(((place + 1) * length) / tokens)),
    },
    trace: { ...row.trace, confidence, tokens: { ...row.trace.tokens, total: tokens } },
    verdicts: { ...row.verdicts, first: { value: Number(first), correct: first, state: 'graded', normalised: 'b' } },
  };
}

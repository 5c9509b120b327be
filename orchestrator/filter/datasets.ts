import { writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { StageContext, StageResult } from '../pipeline/stage.js';
import type { Prompt } from '../records/index.js';
import type { FilterSummary } from './summary.js';

/**
 * Writes the kept prompts and the control as manifests that any recipe can name (docs/data.md). Media are given relative to
 * the folder that holds them all, which the recipe then names as `root`.
 */
export async function writeDatasets(
  context: StageContext,
  prompts: readonly Prompt[],
  { kept, control }: Pick<FilterSummary, 'kept' | 'control'>,
): Promise<StageResult['artifacts']> {
  const root = commonFolder(prompts.flatMap(({ media }) => media.map(({ path }) => dirname(path))));
  const artifacts = [];
  for (const [name, ids] of Object.entries({ kept, control })) {
    const wanted = new Set(ids);
    const rows = prompts.filter(({ id }) => wanted.has(id)).map((prompt) => JSON.stringify(rowOf(prompt, root)));
    await writeFile(join(context.folder, `${name}.jsonl`), rows.map((row) => `${row}\n`).join(''));
    artifacts.push(await context.artifact(name, `filter/${name}.jsonl`));
  }
  const use = root === '' ? '' : `; in a recipe: {path: ${join(context.folder, 'kept.jsonl')}, root: ${root}}`;
  context.progress.note(`kept ${kept.length} of ${prompts.length} prompts${use}`);
  return artifacts;
}

/** A prompt as a line of a manifest; the reverse of what the source jsonl does. */
export function rowOf(prompt: Prompt, root: string): Record<string, unknown> {
  const { id, question, options, problemType, meta, media } = prompt;
  const [medium] = media;
  return {
    ...meta,
    ...{ id, question, problem_type: problemType, answer: answerOf(prompt) },
    ...(options === undefined ? {} : { options }),
    ...(medium === undefined ? {} : { [medium.kind]: relative(root, medium.path).split(sep).join('/') }),
    ...(medium?.start === undefined ? {} : { start: medium.start }),
    ...(medium?.end === undefined ? {} : { end: medium.end }),
  };
}

function answerOf({ problemType, answer, spans = [] }: Prompt): unknown {
  if (problemType === 'iou') return spans;
  return problemType === 'gqa' ? { answer, segment: spans } : answer;
}

/** The deepest folder that all of these lie in; '' where there are none. */
function commonFolder(folders: readonly string[]): string {
  const [first, ...rest] = [...new Set(folders)];
  let common = first?.split(sep) ?? [];
  for (const folder of rest) {
    const parts = folder.split(sep);
    const differs = common.findIndex((part, place) => part !== parts[place]);
    if (differs >= 0) common = common.slice(0, differs);
  }
  return common.join(sep);
}

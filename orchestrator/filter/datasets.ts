import { createWriteStream } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { StageContext, StageResult } from '../pipeline/stage.js';
import type { Prompt, PromptSet } from '../records/index.js';
import type { FilterSummary } from './summary.js';

/**
 * Writes the kept prompts and the control as manifests that any recipe can name (docs/data.md). Media are given relative to
 * the folder that holds them all, which the recipe then names as `root`.
 */
export async function writeDatasets(
  context: StageContext,
  prompts: PromptSet,
  { kept, control }: Pick<FilterSummary, 'kept' | 'control'>,
): Promise<StageResult['artifacts']> {
  const root = commonFolder(prompts);
  const artifacts = [];
  for (const [name, ids] of Object.entries({ kept, control })) {
    const file = createWriteStream(join(context.folder, `${name}.jsonl`));
    await pipeline(Readable.from(linesOf(prompts, new Set(ids), root)), file);
    artifacts.push(await context.artifact(name, `filter/${name}.jsonl`));
  }
  const use = root === '' ? '' : `; in a recipe: {path: ${join(context.folder, 'kept.jsonl')}, root: ${root}}`;
  context.progress.note(`kept ${kept.length} of ${prompts.length} prompts${use}`);
  return artifacts;
}

function* linesOf(prompts: PromptSet, wanted: ReadonlySet<string>, root: string): Generator<string> {
  for (const prompt of prompts) if (wanted.has(prompt.id)) yield `${JSON.stringify(rowOf(prompt, root))}\n`;
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

/** The deepest folder that all media lie in; '' where there are none. */
function commonFolder(prompts: PromptSet): string {
  let common: string[] | undefined;
  for (const { media } of prompts) {
    for (const { path } of media) {
      const parts = dirname(path).split(sep);
      const differs = common?.findIndex((part, place) => part !== parts[place]) ?? -1;
      common = common === undefined ? parts : differs < 0 ? common : common.slice(0, differs);
    }
  }
  return common?.join(sep) ?? '';
}

import { createWriteStream } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { StageContext, StageResult } from '../pipeline/stage.js';
import { type Prompt, type PromptSet, Selection } from '../records/index.js';
import { deriveSeed, shuffled } from '../statistics/index.js';

/**
 * Writes the kept prompts, and as many that are drawn at random (a control without the filter), as manifests that any recipe can name (docs/data.md). Media are given relative to
 * the folder that holds them all, which the recipe then names as `root`.
 */
export async function writeDatasets(
  context: StageContext,
  prompts: PromptSet,
  kept: PromptSet,
): Promise<StageResult['artifacts']> {
  const root = commonFolder(prompts);
  const artifacts = [];
  const control = drawn(prompts, kept.length, context.recipe.seed);
  for (const [name, chosen] of Object.entries({ kept, control })) {
    const file = createWriteStream(join(context.folder, `${name}.jsonl`));
    await pipeline(Readable.from(linesOf(chosen, root)), file);
    artifacts.push(await context.artifact(name, `filter/${name}.jsonl`));
  }
  const use = root === '' ? '' : `; in a recipe: {path: ${join(context.folder, 'kept.jsonl')}, root: ${root}}`;
  context.progress.note(`kept ${kept.length} of ${prompts.length} prompts${use}`);
  return artifacts;
}

function* linesOf(prompts: PromptSet, root: string): Generator<string> {
  for (const prompt of prompts) yield `${JSON.stringify(rowOf(prompt, root))}\n`;
}

function drawn(prompts: PromptSet, count: number, seed: number): PromptSet {
  const places = Uint32Array.from({ length: prompts.length }, (_, place) => place);
  const chosen = Uint32Array.from(shuffled(places, deriveSeed(seed, 'filter/control')).slice(0, count));
  return new Selection(prompts, chosen.sort());
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

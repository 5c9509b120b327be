import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Worker } from '../bridge/index.js';
import type { Recipe } from '../recipe/index.js';
import type { Media } from '../records/index.js';
import { videoBudget } from '../training/params.js';
import type { Session } from './session.js';
import type { StageContext } from './stage.js';

const FRAMES = 8;

/** Frames of a prompt's first video or image, as the model saw them, in data URIs for the report. */
export function thumbnailsOf(
  session: Session,
  context: StageContext,
): (set: string, promptId: string) => Promise<string[]> {
  return async (set, promptId) => {
    const media = context.store.findPrompt(context.runId, set, promptId)?.media[0];
    if (media === undefined) return [];
    const folder = join(context.folder, 'frames', media.sha256.slice(0, 16));
    await mkdir(folder, { recursive: true });
    const worker = session.runtime.bridge.worker('engine', {});
    const { items } = await makeThumbnails(worker, media, context.recipe, { folder, count: FRAMES });
    return Promise.all(
      items.map(async ({ file }) => `data:image/png;base64,${(await readFile(file)).toString('base64')}`),
    );
  };
}

/** Pictures of up to `count` frames of a medium, as models see it under a recipe, in a folder. Rejects with UserError for an unusable file. */
export function makeThumbnails(
  worker: Worker,
  { path, start, end }: Media,
  recipe: Pick<Recipe, 'video'>,
  { folder, count }: { readonly folder: string; readonly count: number },
) {
  return worker.call('media.thumbnails', {
    path,
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    video_budget: videoBudget(recipe),
    out_dir: folder,
    count,
  });
}

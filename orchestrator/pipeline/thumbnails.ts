import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
    const { items } = await session.runtime.bridge.worker('engine', {}).call('media.thumbnails', {
      path: media.path,
      ...(media.start === undefined ? {} : { start: media.start }),
      ...(media.end === undefined ? {} : { end: media.end }),
      video_budget: videoBudget(context.recipe),
      out_dir: folder,
      count: FRAMES,
    });
    return Promise.all(
      items.map(async ({ file }) => `data:image/png;base64,${(await readFile(file)).toString('base64')}`),
    );
  };
}

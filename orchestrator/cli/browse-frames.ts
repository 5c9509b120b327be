import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Bridge, openBridge } from '../bridge/index.js';
import type { FrameSource } from '../browser/index.js';
import { presentEnvironment } from '../environment/index.js';
import { FRAMES_FOLDER, frameEnvironment } from '../pipeline/frames.js';
import { makeThumbnails } from '../pipeline/thumbnails.js';
import type { Recipe } from '../recipe/index.js';
import { videoBudget } from '../training/params.js';

/** Pictures made for the run browser; may be deleted at any time. */
const FOLDER = '.thumbnails';
const MOST_FRAMES = 32;

/** Frames decoded as the models get them, by Python; it starts with the first one that is asked for. Undefined when it is not set up. */
export function openFrameSource(
  runs: string,
  onLog: (line: string) => void,
): { readonly frames: FrameSource; close(): Promise<void> } | undefined {
  const environment = presentEnvironment();
  if (environment === undefined) return undefined;
  let bridge: Bridge | undefined;
  const frames: FrameSource = async (medium, given) => {
    bridge ??= openBridge({ ...environment, onLog, env: frameEnvironment(join(runs, FRAMES_FOLDER)) });
    const recipe = given as Recipe;
    const { sha256, start, end } = medium;
    const folder = join(runs, FOLDER, hashOf([sha256, start, end, videoBudget(recipe)]));
    const { items } = await makeThumbnails(bridge.worker('frames'), medium, recipe, { folder, count: MOST_FRAMES });
    return items.map(({ time, file }) => ({ seconds: time, file }));
  };
  return { frames, close: async () => bridge?.close() };
}

function hashOf(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}

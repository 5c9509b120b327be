import { basename } from 'node:path';
import type { Media } from '../records/index.js';
import type { FramesAnswer } from './api/index.js';
import { notFound } from './reader/refusal.js';

/** Makes pictures of the frames that a model saw of a medium, under a recipe. */
export type FrameSource = (
  medium: Media,
  recipe: unknown,
) => Promise<readonly { readonly seconds: number; readonly file: string }[]>;

/** Frames that were asked for; a picture is served by its name when it is one of these. */
export class Frames {
  readonly #files = new Map<string, string>();
  readonly #made = new Map<string, Promise<FramesAnswer>>();

  constructor(readonly source: FrameSource | undefined) {}

  /** Of the first medium: it is what `reason` says when there are none. */
  of(medium: Media | undefined, recipe: unknown): Promise<FramesAnswer> {
    if (medium === undefined) return Promise.resolve(none('the prompt has no image or video'));
    if (this.source === undefined)
      return Promise.resolve(none('frames are decoded by Python, which is not set up: vauto setup'));
    const key = JSON.stringify([medium.sha256, medium.start, medium.end, (recipe as { video?: unknown })?.video]);
    const made = this.#made.get(key) ?? this.#make(this.source, medium, recipe);
    this.#made.set(key, made);
    // A failure may be mended, and is tried again.
    void made.then(({ reason }) => reason !== null && this.#made.delete(key));
    return made;
  }

  /** The file of a picture. Throws Refusal. */
  file(name: string): string {
    const file = this.#files.get(name);
    if (file === undefined)
      throw notFound('no-frame', 'no such frame was asked for', 'GET /api/traces/ID/frames makes them');
    return file;
  }

  async #make(source: FrameSource, medium: Media, recipe: unknown): Promise<FramesAnswer> {
    try {
      const items = await source(medium, recipe);
      for (const { file } of items) this.#files.set(basename(file), file);
      const [first, last] = [items[0]?.seconds ?? 0, items.at(-1)?.seconds ?? 0];
      return {
        frames: items.map(({ seconds, file }) => ({ seconds, url: `/media/frames/${basename(file)}` })),
        range: medium.kind === 'image' ? null : [medium.start ?? first, medium.end ?? last],
        reason: items.length === 0 ? 'nothing was decoded' : null,
      };
    } catch (error) {
      return none(error instanceof Error ? error.message : String(error));
    }
  }
}

function none(reason: string): FramesAnswer {
  return { frames: [], range: null, reason };
}

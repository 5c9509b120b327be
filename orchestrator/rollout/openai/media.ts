import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Media } from '../../records/index.js';
import { RequestFault } from './faults.js';

/**
 * How the server gets images and videos. data: inside the request. file: by their path, for a server that sees the same files
 * and was started with `--allowed-local-media-path`.
 */
export type MediaUrls = 'data' | 'file';

export type MediaPart =
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }
  | { readonly type: 'video_url'; readonly video_url: { readonly url: string } };

/** Largest file that is put into a request; servers and proxies refuse bodies of some 100 MB. */
const MOST_BYTES = 64 * 2 ** 20;

const TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.bmp': 'image/bmp',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
  '.webm': 'video/webm',
  '.mkv': 'video/x-matroska',
  '.avi': 'video/x-msvideo',
  '.mov': 'video/quicktime',
};

/** A medium as part of a message. Throws RequestFault for a file that cannot be sent. */
export async function mediaPart(medium: Media, urls: MediaUrls): Promise<MediaPart> {
  if (medium.start !== undefined || medium.end !== undefined)
    throw new RequestFault(
      'media',
      `${medium.path}: a server decodes whole files; cut the video before, not by start and end`,
    );
  const bytes = await sizeOf(medium.path);
  const url = urls === 'file' ? pathToFileURL(medium.path).href : await dataUrl(medium, bytes);
  return medium.kind === 'image'
    ? { type: 'image_url', image_url: { url } }
    : { type: 'video_url', video_url: { url } };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw new RequestFault('media', `${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

async function dataUrl({ path, kind }: Media, bytes: number): Promise<string> {
  if (bytes > MOST_BYTES) {
    const size = `${Math.ceil(bytes / 2 ** 20)} MiB; up to ${MOST_BYTES / 2 ** 20} MiB are sent inside a request`;
    throw new RequestFault(
      'media',
      `${path}: ${size}. Set engine.server.media to file for a server that sees the files`,
    );
  }
  const type = TYPES[extname(path).toLowerCase()] ?? (kind === 'image' ? 'image/jpeg' : 'video/mp4');
  return `data:${type};base64,${(await readFile(path)).toString('base64')}`;
}

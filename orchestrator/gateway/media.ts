import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { imageSize } from 'image-size';
import { ApiError, mediaRefused as refused, mediaTooLarge as tooLarge } from './errors.js';
import { fetchMedium } from './fetch-medium.js';

/** Which media a request may name, besides those that it carries itself (`data:`). */
export interface MediaRules {
  /** public: addresses of the internet are fetched, private ones never; off: none. */
  readonly remote: 'public' | 'off';
  /** Folder whose files may be named as `file:` addresses; none when undefined. */
  readonly root: string | undefined;
  /** Most bytes of one medium. */
  readonly maxBytes: number;
  /** Most pixels of an image, before the model's own scaling. */
  readonly maxPixels: number;
}

export type MediaKind = 'image' | 'video';

const TYPES: Readonly<Record<MediaKind, Readonly<Record<string, string>>>> = {
  image: {
    '.png': 'image/png',
    '.jpg': 'image/jpeg',
    '.jpeg': 'image/jpeg',
    '.webp': 'image/webp',
    '.gif': 'image/gif',
    '.bmp': 'image/bmp',
  },
  video: {
    '.mp4': 'video/mp4',
    '.m4v': 'video/mp4',
    '.mov': 'video/quicktime',
    '.webm': 'video/webm',
    '.mkv': 'video/x-matroska',
    '.avi': 'video/x-msvideo',
  },
};

/**
 * The medium as a `data:` address: what the server behind gets is never an address to be fetched or a path to be read.
 * Throws ApiError 400 for what the rules forbid and for what is no image.
 */
export async function inlineMedium(
  url: string,
  kind: MediaKind,
  param: string,
  rules: MediaRules,
  signal: AbortSignal,
): Promise<string> {
  const { type, bytes } = await readMedium(url, kind, param, rules, signal);
  if (!Object.values(TYPES[kind]).includes(type))
    throw refused(param, `${type || 'no type'} is no ${kind} that is taken`);
  if (kind === 'image') checkImage(bytes, param, rules);
  return `data:${type};base64,${bytes.toString('base64')}`;
}

interface Medium {
  readonly type: string;
  readonly bytes: Buffer;
}

async function readMedium(
  url: string,
  kind: MediaKind,
  param: string,
  rules: MediaRules,
  signal: AbortSignal,
): Promise<Medium> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'data':
      return readData(url, param, rules);
    case 'file':
      return readLocal(url, kind, param, rules);
    case 'http':
    case 'https':
      if (rules.remote === 'off')
        throw refused(param, 'this gateway fetches no addresses: send the medium as a data: address');
      return fetchMedium(url, param, rules.maxBytes, signal);
    default:
      throw refused(param, 'a data:, http: or https: address is needed');
  }
}

function readData(url: string, param: string, { maxBytes }: MediaRules): Medium {
  const comma = url.indexOf(',');
  const [type = '', ...flags] = url.slice('data:'.length, comma).toLowerCase().split(';');
  if (comma < 0 || !flags.includes('base64')) throw refused(param, 'a data: address of a medium is in base64');
  const bytes = Buffer.from(url.slice(comma + 1), 'base64');
  if (bytes.length === 0) throw refused(param, 'the data: address holds no base64');
  return { type, bytes: within(bytes, param, maxBytes) };
}

/** Links are followed first: what counts is where the file really lies. One answer for everything outside the root. */
async function readLocal(url: string, kind: MediaKind, param: string, { root, maxBytes }: MediaRules): Promise<Medium> {
  if (root === undefined) throw refused(param, 'this gateway reads no files: send the medium as a data: address');
  const outside = refused(param, 'there is no such file in the folder that may be read');
  try {
    const path = await realpath(fileURLToPath(url));
    if (!path.startsWith((await realpath(root)) + sep)) throw outside;
    const { size } = await stat(path);
    if (size > maxBytes) throw tooLarge(param, maxBytes);
    return { type: TYPES[kind][extname(path).toLowerCase()] ?? '', bytes: await readFile(path) };
  } catch (error) {
    throw error instanceof ApiError ? error : outside;
  }
}

function checkImage(bytes: Buffer, param: string, { maxPixels }: MediaRules): void {
  let size: { width: number; height: number };
  try {
    size = imageSize(bytes);
  } catch {
    throw refused(param, 'the bytes are no image');
  }
  const pixels = size.width * size.height;
  if (!(pixels > 0)) throw refused(param, 'the image has no size');
  if (pixels > maxPixels)
    throw refused(param, `the image has ${size.width}×${size.height} pixels, more than ${maxPixels} in all`);
}

function within(bytes: Buffer, param: string, maxBytes: number): Buffer {
  if (bytes.length > maxBytes) throw tooLarge(param, maxBytes);
  return bytes;
}

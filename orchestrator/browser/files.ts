import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import type { Context } from 'hono';
import { notFound } from './reader/refusal.js';

const TYPES: Readonly<Record<string, string>> = {
  ...{
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
  },
  ...{
    '.svg': 'image/svg+xml',
    '.png': 'image/png',
    '.jpg': 'image/jpeg',
    '.jpeg': 'image/jpeg',
    '.webp': 'image/webp',
  },
  ...{ '.gif': 'image/gif', '.bmp': 'image/bmp', '.mp4': 'video/mp4', '.m4v': 'video/mp4', '.webm': 'video/webm' },
  ...{ '.mov': 'video/quicktime', '.mkv': 'video/x-matroska', '.json': 'application/json' },
};

/** What a user's medium may be shown as. An SVG can hold scripts. */
const MEDIA = /^(image\/(?!svg)|video\/)/;

/** A file, or the part that the request's Range header names. Throws Refusal `no-file`. */
export async function sendFile(context: Context, path: string, caching: string): Promise<Response> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw notFound('no-file', 'the file is not there any more');
  const type = TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
  const range = rangeOf(context.req.header('range'), found.size);
  if (range === 'outside') return context.body(null, 416, { 'content-range': `bytes */${found.size}` });
  const [start, end] = range ?? [0, found.size - 1];
  const length = Math.max(0, end - start + 1);
  const body = found.size === 0 ? null : (Readable.toWeb(createReadStream(path, { start, end })) as ReadableStream);
  return new Response(body, {
    status: range === undefined ? 200 : 206,
    headers: {
      ...{ 'content-type': type, 'content-length': String(length), 'accept-ranges': 'bytes', 'cache-control': caching },
      ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${found.size}` }),
    },
  });
}

export function isMedium(path: string): boolean {
  return MEDIA.test(TYPES[extname(path).toLowerCase()] ?? '');
}

/** One range of bytes; several, or something else, are answered with the whole file. */
export function rangeOf(header: string | undefined, size: number): [number, number] | 'outside' | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (found === null || (found[1] === '' && found[2] === '')) return undefined;
  const [from, to] = [found[1] ?? '', found[2] ?? ''];
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return start > end || start >= size ? 'outside' : [start, end];
}

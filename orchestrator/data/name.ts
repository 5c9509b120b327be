import { basename, extname, relative } from 'node:path';
import type { SourceSpec } from './source.js';

/** Name of a spec's prompts: its own, or the file's name without its ending. */
export function nameOf({ name, path }: Pick<SourceSpec, 'name' | 'path'>): string {
  return name ?? basename(path, extname(path));
}

/** A file's path as it is shown in errors: from the working folder when it lies below it, so that editors can follow it. */
export function shownPath(file: string): string {
  const way = relative(process.cwd(), file);
  return way === '' || way.startsWith('..') ? file : way;
}

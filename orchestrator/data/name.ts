import { basename, relative } from 'node:path';
import type { SourceSpec } from './source.js';

/** Name of a spec's prompts: its own, or the file's name without its endings. */
export function nameOf({ name, path }: Pick<SourceSpec, 'name' | 'path'>): string {
  return name ?? withoutEnding(basename(path));
}

/** "train.jsonl.gz" and "train.parquet" both give "train": ids do not depend on how a file is packed. */
function withoutEnding(fileName: string): string {
  return fileName.replace(/\.(gz|zst)$/i, '').replace(/(?<=.)\.[^.]*$/, '');
}

/** A file's path as it is shown in errors: from the working folder when it lies below it, so that editors can follow it. */
export function shownPath(file: string): string {
  const way = relative(process.cwd(), file);
  return way === '' || way.startsWith('..') ? file : way;
}

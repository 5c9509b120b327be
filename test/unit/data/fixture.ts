import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  Counter,
  MediaHasher,
  type Rejected,
  readSource,
  type Sift,
  type SourceCounts,
  type SourceSpec,
  sourceErrors,
} from '../../../orchestrator/data/index.js';
import { UserError, UserErrors } from '../../../orchestrator/errors.js';
import type { Prompt } from '../../../orchestrator/records/index.js';

/** A fresh folder with the given files. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'vauto-data-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

export type RowFields = Readonly<Record<string, unknown>>;

/** A row that is right; fields given replace its own, `undefined` takes one away. */
export function row(fields: RowFields = {}): string {
  return JSON.stringify({ id: 'a', question: 'What is 1 + 1?', answer: '2', problem_type: 'math', ...fields });
}

export const CLIP: Readonly<Record<string, string>> = { 'clip.mp4': 'not decoded here' };

export interface Loaded {
  readonly prompts: Prompt[];
  readonly rejected: readonly Rejected[];
  readonly counts: SourceCounts;
}

/** Reads a source of a folder as a run does; throws its problems. */
export async function load(
  folder: string,
  given: Partial<SourceSpec> & { readonly path: string },
  options: { readonly sift?: Sift; readonly excerpts?: boolean } = {},
): Promise<Loaded> {
  const spec = { source: 'jsonl', ...given };
  const context = {
    resolve: (path: string) => resolve(folder, path),
    hasher: await MediaHasher.open(),
    excerpts: options.excerpts === true,
  };
  const read = await readSource(spec, context, options.sift);
  const errors = sourceErrors(read);
  if (errors.length > 0) throw new UserErrors(errors);
  const counter = new Counter(spec);
  for (const item of [...read.rows, ...read.rejected]) counter.add(item);
  return { prompts: read.rows.map(({ prompt }) => prompt), rejected: read.rejected, counts: counter.counts() };
}

/** Loads rows.jsonl from a fresh folder that holds `lines` and `files`. */
export async function loadRows(
  lines: readonly (string | RowFields)[],
  spec: Partial<SourceSpec> = {},
  files: Readonly<Record<string, string | Uint8Array>> = CLIP,
): Promise<Loaded> {
  const text = lines.map((line) => (typeof line === 'string' ? line : row(line))).join('\n');
  const folder = folderWith({ 'rows.jsonl': text, ...files });
  return load(folder, { path: 'rows.jsonl', ...spec });
}

/** What is wrong with rows: `line code: message | fix`. */
export async function problems(...args: Parameters<typeof loadRows>): Promise<string[]> {
  try {
    await loadRows(...args);
  } catch (error) {
    const errors = error instanceof UserErrors ? error.errors : [error];
    return errors.map((one) => {
      if (!(one instanceof UserError)) throw one;
      return `${one.place?.line ?? '-'} ${one.code}: ${one.message}${one.fix ? ` | ${one.fix}` : ''}`;
    });
  }
  return [];
}

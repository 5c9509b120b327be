import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Problem } from './finder.js';
import { type Path, pathText } from './place.js';
import type { Recipe } from './schema.js';
import { nearest } from './suggest.js';

/** `name` or `organisation/name`, as model hubs write them. */
const HUB_ID = /^[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)?$/;

/** Turns a path of a recipe into an absolute one. */
export function resolveFrom(recipeFile: string): (path: string) => string {
  const folder = dirname(resolve(recipeFile));
  return (path) => (path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(folder, path));
}

/** Absolute folder of the model, or its hub id when there is no such folder. */
export function modelReference(
  path: string,
  resolvePath: (path: string) => string,
): { folder: string } | { hub: string } {
  const folder = resolvePath(path);
  if (existsSync(folder) || !looksLikeHubId(path, resolvePath)) return { folder };
  return { hub: path };
}

/** `tiny/modle` beside a folder `tiny` is a mistyped path, not a hub id. */
function looksLikeHubId(path: string, resolvePath: (path: string) => string): boolean {
  const [first, second] = path.split('/');
  return HUB_ID.test(path) && !(second !== undefined && isFolder(resolvePath(first ?? '')));
}

/** Files that the recipe names and that are not there. */
export function fileProblems(recipe: Partial<Recipe>, resolvePath: (path: string) => string): Problem[] {
  const problems: (Problem | undefined)[] = [];
  if (recipe.model && (recipe.engine?.kind ?? 'vllm') === 'vllm')
    problems.push(modelProblem(recipe.model, resolvePath));
  const system = recipe.prompting?.system;
  if (system !== undefined) problems.push(missing(['prompting', 'system'], system, resolvePath(system), 'file'));
  const recordings = recipe.engine?.recordings;
  if (recordings !== undefined)
    problems.push(missing(['engine', 'recordings'], recordings, resolvePath(recordings), 'file'));
  const accelerate = recipe.train?.accelerate;
  if (accelerate !== undefined)
    problems.push(missing(['train', 'accelerate'], accelerate, resolvePath(accelerate), 'file'));
  for (const list of ['train', 'benchmarks'] as const) {
    for (const [index, { path, root }] of (recipe.data?.[list] ?? []).entries()) {
      problems.push(missing(['data', list, index, 'path'], path, resolvePath(path), 'file'));
      if (root !== undefined) problems.push(missing(['data', list, index, 'root'], root, resolvePath(root), 'folder'));
    }
  }
  return problems.filter((problem) => problem !== undefined);
}

function modelProblem({ path, revision }: Recipe['model'], resolvePath: (path: string) => string): Problem | undefined {
  const reference = modelReference(path, resolvePath);
  if ('hub' in reference) return undefined;
  const absent = missing(['model', 'path'], path, reference.folder, 'folder');
  if (absent) return absent;
  if (!existsSync(join(reference.folder, 'config.json'))) {
    const message = `model.path is "${path}", a folder without config.json: no model in the form of transformers`;
    return {
      code: 'not-a-model',
      path: ['model', 'path'],
      message,
      fix: `give the folder that holds config.json, weights and tokenizer (looked in ${reference.folder})`,
    };
  }
  if (revision === undefined) return undefined;
  const message = `model.revision is "${revision}", but model.path is a folder, which has no revisions`;
  return {
    code: 'contradiction',
    path: ['model', 'revision'],
    other: ['model', 'path'],
    message,
    fix: 'remove model.revision',
  };
}

function missing(path: Path, given: string, full: string, kind: 'file' | 'folder'): Problem | undefined {
  const name = pathText(path);
  if (!existsSync(full)) {
    const near = nearest(basename(full), namesIn(dirname(full)));
    const fix =
      near === undefined
        ? 'paths are relative to the recipe file'
        : `did you mean "${given.slice(0, -basename(full).length)}${near}"?`;
    return { code: 'missing-file', path, message: `${name} is "${given}", but there is no ${kind} ${full}`, fix };
  }
  if (isFolder(full) === (kind === 'folder')) return undefined;
  const found = kind === 'file' ? 'folder' : 'file';
  return { code: 'missing-file', path, message: `${name} is "${given}", which is a ${found}; a ${kind} is needed` };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { UserError, UserErrors } from '../../../orchestrator/errors.js';
import { loadRecipe } from '../../../orchestrator/recipe/index.js';

/** The shortest recipe that is right; its files are made by `recipeFolder`. */
export const MINIMAL = `version: 1
name: mini
model: {path: model}
data:
  train: [{path: train.jsonl}]
  benchmarks: [{name: one, path: one.jsonl}]
`;

/** A folder with the files that `MINIMAL` names, and `more`. */
export function recipeFolder(more: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-recipe-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const files = { 'model/config.json': '{}', 'train.jsonl': '', 'one.jsonl': '', ...more };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Writes the text as r.yaml into a fresh folder and loads it. */
export function load(text: string, sets: string[] = [], more: Readonly<Record<string, string>> = {}) {
  return loadRecipe(join(recipeFolder({ 'r.yaml': text, ...more }), 'r.yaml'), { sets });
}

/** An error as one line: `line:column code: message | fix`; an override's place instead of the numbers. */
export function summary(error: UserError): string {
  const { file = '', line, column } = error.place ?? {};
  const place = file.startsWith('--set') ? file : `${line}:${column}`;
  return `${place} ${error.code}: ${error.message}${error.fix ? ` | ${error.fix}` : ''}`;
}

/** The problems of a recipe that does not load. */
export async function problems(
  text: string,
  sets: string[] = [],
  more: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  try {
    await load(text, sets, more);
  } catch (error) {
    if (error instanceof UserErrors) return error.errors.map(summary);
    if (error instanceof UserError) return [summary(error)];
    throw error;
  }
  return [];
}

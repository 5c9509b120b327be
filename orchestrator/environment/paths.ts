import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of vauto's package: its parent is the same from the sources and from dist/. */
export const packageRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Folder that holds the Python package vauto_worker. */
export const pythonPath = join(packageRoot, 'python');

export const requirementsFolder = join(pythonPath, 'requirements');

/** Where `vauto setup` makes the environment unless told otherwise. */
export const defaultVenv = join(packageRoot, '.venv');

export function venvPython(venv: string): string {
  return join(venv, 'bin', 'python');
}

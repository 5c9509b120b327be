import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { UserError } from '../errors.js';
import { command, lastLine, outputOf } from './command.js';
import { venvPython } from './paths.js';
import { needsTorchIndex, pipFailure } from './pip-failure.js';
import { type EngineBuild, pinnedVersions, requirementsFile } from './requirements.js';

/** PyTorch's index of CPU builds, asked when the configured ones have none. VAUTO_TORCH_INDEX names a mirror. */
const TORCH_CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

/** Wheels of these are CUDA builds that do not load beside CPU torch; nothing that vauto uses needs them. */
const OFTEN_BROKEN = ['torchcodec', 'torchaudio'];

const PIP_ENV = {
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  PIP_NO_INPUT: '1',
  PIP_PROGRESS_BAR: 'off',
  PYTHONUNBUFFERED: '1',
  PYTHONPATH: '',
};

export interface Install {
  readonly venv: string;
  readonly engine: EngineBuild;
  readonly onProgress: (message: string) => void;
  readonly signal?: AbortSignal;
}

/** Makes the virtual environment, over nothing: an environment that is there goes first, any other folder is refused. */
export async function createVenv(basePython: string, { venv, signal }: Install): Promise<void> {
  if (existsSync(venv) && !existsSync(join(venv, 'pyvenv.cfg')) && readdirSync(venv).length > 0) {
    throw new UserError({
      code: 'not-a-venv',
      kind: 'usage',
      message: `${venv}: is there and is no virtual environment`,
      fix: 'name a folder that does not exist yet',
    });
  }
  rmSync(venv, { recursive: true, force: true });
  const { exitCode, stderr, stdout } = await command(basePython, ['-m', 'venv', venv], signal);
  if (exitCode === 0) return;
  rmSync(venv, { recursive: true, force: true });
  signal?.throwIfAborted();
  throw pipFailure(`${stdout}\n${stderr}`);
}

/** Whether pip of the environment runs; puts it back from Python's own copy where it does not. */
export async function mendPip({ venv, signal }: Install): Promise<boolean> {
  const python = venvPython(venv);
  if (!existsSync(python)) return false;
  const works = async (): Promise<boolean> =>
    (await command(python, ['-m', 'pip', '--version'], signal)).exitCode === 0;
  if (await works()) return true;
  // An interruption also looks like a pip that does not run, and must not cost the environment.
  signal?.throwIfAborted();
  await command(python, ['-m', 'ensurepip', '--upgrade'], signal);
  signal?.throwIfAborted();
  return works();
}

/** Whether everything pinned is there in its version, so that pip has nothing to do. */
export async function hasPins({ venv, engine }: Install): Promise<boolean> {
  const installed = await installedVersions(venvPython(venv));
  return [...pinnedVersions(engine)].every(([name, version]) => satisfies(installed[name], version));
}

/** A pin without a local part takes any build: `0.28.0` is also `0.28.0+cpu`. */
export function satisfies(installed: string | undefined, pinned: string): boolean {
  return installed === pinned || installed?.split('+')[0] === pinned;
}

/** Installs the pinned requirements; CPU torch from PyTorch's index where the configured ones lack it. */
export async function installRequirements(install: Install): Promise<void> {
  const args = ['install', '-r', requirementsFile(install.engine)];
  let { ok, output } = await pip(install, args);
  if (!ok && install.engine === 'cpu' && needsTorchIndex(output)) {
    const index = process.env.VAUTO_TORCH_INDEX ?? TORCH_CPU_INDEX;
    install.onProgress(`CPU torch is not in the configured package index; asking ${index}`);
    ({ ok, output } = await pip(install, [...args, '--extra-index-url', index]));
  }
  if (!ok) throw pipFailure(output);
}

/** Makes torchvision importable in every process of the environment, and removes packages that cannot load. */
export async function repair(install: Install): Promise<void> {
  const python = venvPython(install.venv);
  await outputOf(python, ['-m', 'vauto_worker.torchvision_ops'], install.signal);
  for (const name of OFTEN_BROKEN) {
    const installed = await command(
      python,
      ['-c', `import importlib.util as u, sys; sys.exit(u.find_spec("${name}") is None)`],
      install.signal,
    );
    if (installed.exitCode !== 0) continue;
    const loads = await command(python, ['-c', `import ${name}`], install.signal);
    install.signal?.throwIfAborted();
    if (loads.exitCode === 0) continue;
    install.onProgress(`removing ${name}: it does not load beside this torch`);
    await pip(install, ['uninstall', '--yes', name]);
  }
}

/** Imports vLLM, TRL and Qwen2.5-VL in the environment; resolves with the versions, or says what does not load. */
export async function prove(python: string, signal?: AbortSignal): Promise<Record<string, string>> {
  const { exitCode, stdout, stderr } = await command(python, ['-m', 'vauto_worker.proof'], signal);
  signal?.throwIfAborted();
  if (exitCode === 0) return JSON.parse(lastLine(stdout)) as Record<string, string>;
  throw new UserError({
    code: 'environment-broken',
    kind: 'dependency',
    message: `${python}: the packages are installed but do not load: ${lastLine(stderr)}`,
    fix: 'run `vauto setup --recreate`; `vauto doctor` shows each part',
  });
}

/** Versions of all packages of an interpreter, without importing them. Rejects when it cannot be run. */
export async function installedVersions(python: string): Promise<Record<string, string>> {
  return JSON.parse(lastLine(await outputOf(python, ['-m', 'vauto_worker.proof', '--versions']))) as Record<
    string,
    string
  >;
}

async function pip(install: Install, args: readonly string[]): Promise<{ ok: boolean; output: string }> {
  const child = command(venvPython(install.venv), ['-m', 'pip', ...args], install.signal, PIP_ENV);
  for await (const line of createInterface({ input: child.all })) reportPip(line, install.onProgress);
  const { exitCode, all } = await child;
  install.signal?.throwIfAborted();
  return { ok: exitCode === 0, output: all };
}

/** pip prints hundreds of lines; these say how far it is. */
function reportPip(line: string, onProgress: (message: string) => void): void {
  const installing = line.match(/^Installing collected packages: (.+)$/);
  if (installing)
    onProgress(`installing ${installing[1]?.split(',').length} packages (all of them take one to three minutes)`);
  else if (/^\s*(?:Collecting|Downloading|Building wheel for|Successfully uninstalled|WARNING: Retrying)\s/.test(line))
    onProgress(line.trim());
}

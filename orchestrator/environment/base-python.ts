import { execa } from 'execa';
import { UserError } from '../errors.js';

export interface BasePython {
  readonly executable: string;
  /** `3.11.7`. */
  readonly version: string;
  /** Whether it can make virtual environments with pip (Debian packs that apart). */
  readonly venv: boolean;
}

/** The version that vauto is tested on comes first. */
const CANDIDATES = ['python3.11', 'python3.12', 'python3', 'python3.13'];
const OLDEST = [3, 11] as const;
const NEWEST = [3, 13] as const;

const PROBE = `
import importlib.util, platform, sys
print(platform.python_version(), sys.executable, all(map(importlib.util.find_spec, ("venv", "ensurepip"))), sep="\\n")
`;

/** An interpreter to make the environment with, or undefined where none of a supported version is on the PATH. */
export async function findBasePython(candidates: readonly string[] = CANDIDATES): Promise<BasePython | undefined> {
  let incomplete: BasePython | undefined;
  for (const candidate of candidates) {
    const found = await probePython(candidate);
    if (!found || !isSupported(found.version)) continue;
    if (found.venv) return found;
    incomplete ??= found;
  }
  return incomplete;
}

/** The same, or a UserError that says what to install. */
export async function requireBasePython(candidates?: readonly string[]): Promise<BasePython> {
  const found = await findBasePython(candidates);
  if (found === undefined) {
    throw new UserError({
      code: 'python-missing',
      kind: 'dependency',
      message: 'no Python 3.11, 3.12 or 3.13 on the PATH',
      fix: 'install Python 3.11 (Debian, Ubuntu: apt-get install python3.11 python3.11-venv), then run `vauto setup` again',
    });
  }
  if (!found.venv) {
    const minor = found.version.split('.').slice(0, 2).join('.');
    throw new UserError({
      code: 'venv-missing',
      kind: 'dependency',
      message: `${found.executable} cannot make virtual environments: its modules venv and ensurepip are missing`,
      fix: `install them (Debian, Ubuntu: apt-get install python${minor}-venv), then run \`vauto setup\` again`,
    });
  }
  return found;
}

async function probePython(command: string): Promise<BasePython | undefined> {
  const { exitCode, stdout } = await execa(command, ['-c', PROBE], { reject: false, timeout: 20_000 });
  const [version, executable, venv] = stdout.split('\n');
  if (exitCode !== 0 || version === undefined || !executable) return undefined;
  return { executable, version, venv: venv?.trim() === 'True' };
}

/** Whether packages exist for that Python (`3.11.7`). */
export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === OLDEST[0] && minor >= OLDEST[1] && minor <= NEWEST[1];
}

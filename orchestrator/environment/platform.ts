import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { UserError } from '../errors.js';
import type { EngineBuild } from './requirements.js';

/** Where vauto runs; the first is what it is tested on. */
export const SUPPORTED_PLATFORMS = 'Linux x86-64 (tested), macOS arm64 (not tested)';

/** Free bytes that an environment needs while it is made: packages, pip's cache, unpacking. */
const NEEDED_BYTES: Record<EngineBuild, number> = { cpu: 7e9, cuda: 25e9 };

export function isSupportedPlatform(platform: string = process.platform, arch: string = process.arch): boolean {
  return (platform === 'linux' && arch === 'x64') || (platform === 'darwin' && arch === 'arm64');
}

export function requirePlatform(): void {
  if (isSupportedPlatform()) return;
  throw new UserError({
    code: 'platform-unsupported',
    kind: 'dependency',
    message: `${process.platform} on ${process.arch} is not supported; supported: ${SUPPORTED_PLATFORMS}`,
    fix: process.platform === 'win32' ? 'use WSL 2 with Ubuntu' : 'use a Linux x86-64 machine or container',
  });
}

/** Free bytes where the path lies or would lie. */
export function freeBytes(path: string): number {
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}

export function requireDisk(venv: string, engine: EngineBuild): void {
  const free = freeBytes(venv);
  const needed = NEEDED_BYTES[engine];
  if (free >= needed) return;
  throw new UserError({
    code: 'disk-full',
    kind: 'dependency',
    message: `${venv}: ${gigabytes(free)} free, the ${engine} environment needs ${gigabytes(needed)} while it is made`,
    fix: 'free some space, or name a folder on another disk with `vauto setup --venv DIR` and in the recipe as python.venv',
  });
}

/** Which build of vLLM fits this machine. */
export async function detectEngine(): Promise<EngineBuild> {
  if (process.platform !== 'linux') return 'cpu';
  const { exitCode, stdout } = await execa('nvidia-smi', ['-L'], { reject: false, timeout: 20_000 });
  return exitCode === 0 && /^GPU \d/m.test(stdout) ? 'cuda' : 'cpu';
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pythonPath, requirementsFolder } from './paths.js';

/** Builds of vLLM that vauto knows: `cpu` for any machine, `cuda` for NVIDIA GPUs. */
export const engines = ['cpu', 'cuda'] as const;
export type EngineBuild = (typeof engines)[number];

export function requirementsFile(engine: EngineBuild): string {
  return join(requirementsFolder, `${engine}.txt`);
}

/** The requirement file with the files that it names, itself first. */
export function requirementFiles(engine: EngineBuild): string[] {
  const files = [requirementsFile(engine)];
  for (const file of files) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/^-[rc]\s+(\S+)/gm))
      files.push(join(requirementsFolder, name ?? ''));
  }
  return files;
}

/** Exact versions that the requirement files ask for, by package name in pip's normal form (`huggingface-hub`). */
export function pinnedVersions(engine: EngineBuild): Map<string, string> {
  const pins = requirementFiles(engine)
    .filter((file) => !file.includes('constraints'))
    .flatMap((file) => [
      ...readFileSync(file, 'utf8').matchAll(/^([\w.-]+)==([^\s;]+)(?:\s*;\s*sys_platform\s*(==|!=)\s*"linux")?/gm),
    ]);
  const linux = process.platform === 'linux';
  const applying = pins.filter(([, , , operator]) => operator === undefined || (operator === '==') === linux);
  return new Map(applying.map(([, name = '', version = '']) => [name.toLowerCase().replace(/[-_.]+/g, '-'), version]));
}

/** Changes when an environment made earlier no longer is what setup would make now. */
export function environmentKey(engine: EngineBuild, pythonVersion: string): string {
  const hash = createHash('sha256').update(`${engine}\n${pythonVersion}\n`);
  // The repair is copied into the environment, so it belongs to its contents.
  for (const file of [...requirementFiles(engine), join(pythonPath, 'vauto_worker', 'torchvision_ops.py')]) {
    hash.update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { engines } from './requirements.js';

/** What setup leaves in the environment it made; `installing` means that it never came to its end. */
const stampSchema = z.object({
  state: z.enum(['installing', 'done']),
  engine: z.enum(engines),
  key: z.string(),
  python: z.string(),
  packages: z.record(z.string(), z.string()),
});
export type Stamp = z.infer<typeof stampSchema>;

function stampFile(venv: string): string {
  return join(venv, 'vauto-setup.json');
}

/** The stamp, or undefined for an environment that setup did not make (or whose stamp cannot be read). */
export function readStamp(venv: string): Stamp | undefined {
  try {
    return stampSchema.parse(JSON.parse(readFileSync(stampFile(venv), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Replaces the stamp in one step. */
export function writeStamp(venv: string, stamp: Stamp): void {
  const file = stampFile(venv);
  writeFileSync(`${file}.part`, `${JSON.stringify(stamp, null, 2)}\n`);
  renameSync(`${file}.part`, file);
}

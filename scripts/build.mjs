// Builds dist/: TypeScript by tsc, everything else in orchestrator/ (SQL, schemas, pages) copied, the command made executable.

import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';

const root = resolve(import.meta.dirname, '..');
const source = join(root, 'orchestrator');
const dist = join(root, 'dist');

// A file that was deleted or renamed must not go on living in dist/.
rmSync(dist, { recursive: true, force: true });
const { exitCode } = await execa('tsc', ['-p', join(root, 'tsconfig.json')], {
  stdio: 'inherit',
  reject: false,
  preferLocal: true,
  localDir: root,
});
if (exitCode === 0) {
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /\.tsx?$/.test(entry.name)) continue;
    const from = join(entry.parentPath, entry.name);
    const to = join(dist, from.slice(source.length));
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
  const main = join(dist, 'cli', 'main.js');
  if (existsSync(main)) chmodSync(main, 0o755);
}
process.exitCode = exitCode;

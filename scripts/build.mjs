// Builds dist/: TypeScript by tsc, everything else in orchestrator/ (SQL, schemas) copied, the command made executable, and the
// pages of the run browser by vite.

import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { execa } from 'execa';

const root = resolve(import.meta.dirname, '..');
const source = join(root, 'orchestrator');
const dist = join(root, 'dist');

/** Paths of all files below a folder, relative to it. */
function filesOf(folder) {
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

const isCode = (file) => /\.tsx?$/.test(file);
const PAGES = join('browser', 'ui');
const isPage = (file) => file.startsWith(`${PAGES}/`);

const { exitCode } = await execa('tsc', ['-p', join(root, 'tsconfig.json')], {
  stdio: 'inherit',
  reject: false,
  preferLocal: true,
  localDir: root,
});

const sources = filesOf(source).filter((file) => !isPage(file));
for (const file of sources.filter((name) => !isCode(name))) {
  mkdirSync(dirname(join(dist, file)), { recursive: true });
  copyFileSync(join(source, file), join(dist, file));
}

// A module that was deleted or renamed must not go on living in dist/. The rest stays in place: a run may be using it.
const expected = new Set(sources.map((file) => (isCode(file) ? file.replace(/\.tsx?$/, '') : file)));
for (const file of filesOf(dist).filter((name) => !isPage(name))) {
  if (!expected.has(file) && !expected.has(file.replace(/(\.d\.ts|\.js)(\.map)?$/, ''))) rmSync(join(dist, file));
}

const main = join(dist, 'cli', 'main.js');
if (existsSync(main)) chmodSync(main, 0o755);

const pages = await execa('vite', ['build', '--logLevel', 'warn', '--config', join(source, PAGES, 'vite.config.ts')], {
  stdio: 'inherit',
  reject: false,
  preferLocal: true,
  localDir: root,
});
process.exitCode = exitCode || pages.exitCode;

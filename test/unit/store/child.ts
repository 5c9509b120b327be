import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');

/** The store as plain JavaScript, for child processes: inside the project, so that its packages are found. */
export function compiledStore(): string {
  const cache = join(ROOT, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, 'vauto-store-'));
  writeFileSync(join(out, 'package.json'), '{"type":"module"}');
  const source = join(ROOT, 'orchestrator');
  const files = ['store', 'records'].flatMap((folder) =>
    readdirSync(join(source, folder), { recursive: true }).map((file) => join(folder, String(file))),
  );
  for (const file of ['errors.ts', ...files.filter((name) => /\.(ts|sql)$/.test(name))]) {
    const text = readFileSync(join(source, file), 'utf8');
    const target = join(out, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
    writeFileSync(
      target,
      file.endsWith('.ts') ? ts.transpileModule(text, { compilerOptions: options }).outputText : text,
    );
  }
  return out;
}

/** Runs a script that finds `openStore` in scope. */
export function inChild(compiled: string, script: string): ResultPromise<{ reject: false }> {
  const text = `import { openStore } from '${compiled}/store/index.js';\n${script}`;
  return execa('node', ['--input-type=module', '-e', text], { cwd: compiled, reject: false });
}

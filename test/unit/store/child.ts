import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');

/** The store as plain JavaScript, for child processes. */
export function compiledStore(): string {
  return compiledParts(['errors.ts', 'store', 'records']);
}

/** Files and folders of the orchestrator as plain JavaScript: inside the project, so that its packages are found. */
export function compiledParts(parts: readonly string[]): string {
  const cache = join(ROOT, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, 'vauto-parts-'));
  writeFileSync(join(out, 'package.json'), '{"type":"module"}');
  const source = join(ROOT, 'orchestrator');
  const files = parts.flatMap((part) =>
    part.endsWith('.ts')
      ? [part]
      : readdirSync(join(source, part), { recursive: true }).map((file) => join(part, String(file))),
  );
  for (const file of files.filter((name) => /\.(ts|sql)$/.test(name))) {
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
  return runNode(compiled, text);
}

/** Runs a script as a module in a process of its own. */
export function runNode(
  compiled: string,
  script: string,
  flags: readonly string[] = [],
): ResultPromise<{ reject: false }> {
  return execa('node', [...flags, '--input-type=module', '-e', script], { cwd: compiled, reject: false });
}

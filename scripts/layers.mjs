// Checks the direction of imports in orchestrator/ (the layer table of CONTRIBUTING.md): prints file:line of each violation, exits with 1.
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

const WORDS = ['records', 'errors'];
const DOMAIN = ['prompting', 'answer', 'grading', 'reward', 'statistics'];
const INPUTS = ['recipe', 'data'];
const WORLD = ['bridge', 'environment', 'store', 'rollout'];
const STAGES = ['filter', 'training', 'evaluation', 'sweep', 'report'];
const LOWER = [...WORDS, ...DOMAIN, ...INPUTS];
const ALL = [...LOWER, ...WORLD, ...STAGES, 'pipeline', 'browser', 'gateway', 'reproduce'];

/** @type {Record<string, {may: string[], types?: string[], packages?: string[]}>} */
const RULES = {};
const rule = (folders, allowed) => {
  for (const folder of folders) RULES[folder] = allowed;
};
// may: folders, or `folder/file`; types: those of which only types may be imported; packages: the only npm packages
// allowed (all when absent, but see OWNED). A folder may always import itself.
rule(['errors'], { may: [], packages: [] });
rule(['records'], { may: WORDS, packages: ['zod'] });
rule(DOMAIN, { may: WORDS, packages: ['zod'] });
rule(INPUTS, { may: WORDS });
rule(['bridge', 'store', 'environment'], { may: WORDS });
rule(['rollout'], { may: [...WORDS, 'answer', 'bridge'] });
rule(STAGES, { may: LOWER, types: [...WORLD, 'pipeline/stage'] });
rule(['pipeline'], { may: [...LOWER, ...WORLD, ...STAGES] });
// The run browser reads: the store, and what the other layers say about what they stored.
rule(['browser'], { may: [...WORDS, ...DOMAIN, 'store', 'sweep', 'pipeline/as-it-stands'] });
rule(['gateway', 'reproduce'], { may: [...LOWER, ...WORLD, ...STAGES, 'pipeline'] });
rule(['cli'], { may: ALL });

/** Packages that one folder alone may know. */
const OWNED = { pythonia: 'bridge', 'better-sqlite3': 'store' };

/** The folder of a file below `root`, or its bare name when it lies in no folder (errors.ts → errors). */
function folderOf(root, file) {
  const parts = relative(root, file).split(sep);
  return parts.length === 1 ? parts[0].replace(/\.[^.]+$/, '') : parts[0];
}

/** Every import, re-export and import() of a file. */
function importsOf(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = [];
  const add = (node, specifier, typeOnly) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    found.push({ line: line + 1, specifier: specifier.text, typeOnly });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const named =
        clause?.namedBindings && ts.isNamedImports(clause.namedBindings) ? clause.namedBindings.elements : undefined;
      const allTypes =
        !clause?.name && named !== undefined && named.length > 0 && named.every((element) => element.isTypeOnly);
      add(node, node.moduleSpecifier, Boolean(clause?.isTypeOnly) || allTypes);
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      add(node, node.moduleSpecifier, node.isTypeOnly);
    } else if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword &&
      ts.isStringLiteral(node.arguments[0])
    ) {
      add(node, node.arguments[0], false);
    } else if (
      ts.isImportTypeNode(node) &&
      ts.isLiteralTypeNode(node.argument) &&
      ts.isStringLiteral(node.argument.literal)
    ) {
      add(node, node.argument.literal, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function packageOf(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Why an import is not allowed, or undefined. */
function objection(root, file, { specifier, typeOnly }) {
  const from = folderOf(root, file);
  const allowed = RULES[from];
  if (allowed === undefined) return `folder ${from} has no layer yet: give it one in scripts/layers.mjs`;
  if (!specifier.startsWith('.')) {
    const name = packageOf(specifier);
    if (name.startsWith('node:') || builtinModules.includes(name)) return undefined;
    if (OWNED[name] && OWNED[name] !== from) return `only ${OWNED[name]} may know ${name}`;
    return allowed.packages && !allowed.packages.includes(name) ? `${from} may not use the package ${name}` : undefined;
  }
  const target = resolve(dirname(file), specifier);
  if (relative(root, target).startsWith('..')) return undefined;
  const to = folderOf(root, target);
  const exact = relative(root, target)
    .split(sep)
    .join('/')
    .replace(/\.[^.]+$/, '');
  const listed = (names) => names.includes(to) || names.includes(exact);
  if (to === from || listed(allowed.may)) return undefined;
  if (allowed.types && listed(allowed.types)) return typeOnly ? undefined : `${from} may import only types of ${exact}`;
  return `${from} may not import ${to}`;
}

/** @returns {string[]} one line `file:line  reason` per violation */
export function violations(root) {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return files.flatMap((file) =>
    importsOf(file).flatMap((item) => {
      const reason = objection(root, file, item);
      return reason === undefined
        ? []
        : [`${relative(dirname(root), file)}:${item.line}  ${reason} (${item.specifier})`];
    }),
  );
}

if (process.argv[1] === import.meta.filename) {
  const found = violations(resolve(process.argv[2] ?? join(import.meta.dirname, '..', 'orchestrator')));
  for (const line of found) console.log(line);
  if (found.length > 0) console.log(`${found.length} imports against the layers`);
  process.exitCode = found.length > 0 ? 1 : 0;
}

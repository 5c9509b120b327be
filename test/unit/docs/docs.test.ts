// What the docs say must be so: links lead somewhere, commands and flags exist, recipe keys are the schema's.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createProgram } from '../../../orchestrator/cli/program.js';
import { recipeSchema } from '../../../orchestrator/recipe/schema.js';
import { stepNumbers } from '../../../orchestrator/training/step-numbers.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'recipes/tiny/README.md',
  'runs/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));

/** GitHub's anchor of a heading: lower case, punctuation gone, spaces to hyphens. */
function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

function anchors(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slug(heading));
}

/** What is wrong with a link of a page; undefined when it leads somewhere. */
function brokenLink(page: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? join(root, page) : resolve(root, dirname(page), path);
  if (!existsSync(file) || relative(root, file).startsWith('..')) return `${page}: ${target} is not there`;
  if (anchor !== undefined && !anchors(file).includes(anchor)) return `${page}: ${target} has no such heading`;
  return undefined;
}

/** What is wrong with a command line; undefined when its commands and flags exist. */
function brokenCommand(line: string): string | undefined {
  let command: Command = createProgram({ stdout: () => {}, stderr: () => {} });
  const words = line.split(/\s+/).slice(1);
  while (words.length > 0) {
    const next = command.commands.find((item) => item.name() === words[0]);
    if (next === undefined) break;
    command = next;
    words.shift();
  }
  if (command.commands.length > 0 && words.length > 0 && !words[0]?.startsWith('-')) return `no command: ${line}`;
  const known = new Set(['-h', '--help', ...command.options.flatMap(({ short, long }) => [short, long])]);
  const flag = words.find((word) => /^--?[a-z]/.test(word) && !known.has(word));
  return flag === undefined ? undefined : `no flag ${flag}: ${line}`;
}

/** Every `vauto …` of a page, in code blocks and in the text, up to what ends a command. */
function commandLines(text: string): string[] {
  const blocks = [...text.matchAll(/^```\w*\n(.*?)^```/gms)].flatMap(([, body = '']) => body.split('\n'));
  const inline = [...text.matchAll(/`((?:npx )?vauto [^`]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline].flatMap((line) => {
    const command = /(?:^|npx |\| |&& )(vauto [^#|>&]*)/.exec(line)?.[1];
    return command === undefined ? [] : [command.trim()];
  });
}

/** YAML blocks are parts of a recipe: with the rest filled in, they are a recipe. */
function brokenRecipe(block: string): string[] {
  const part = parse(block) as Record<string, unknown>;
  const least = { version: 1, name: 'x', model: { path: 'm' }, data: { benchmarks: [{ name: 'b', path: 'b.jsonl' }] } };
  const data = { ...least.data, ...(part.data as object | undefined) };
  const { error } = recipeSchema.safeParse({ ...least, ...part, data });
  return error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];
}

describe.each(pages)('$name', ({ name, text }) => {
  it('has links that lead somewhere', () => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => target);
    expect(targets.flatMap((target) => brokenLink(name, target) ?? [])).toEqual([]);
  });

  it('names commands and flags that exist', () => {
    expect(commandLines(text).flatMap((line) => brokenCommand(line) ?? [])).toEqual([]);
  });

  it('shows recipe keys that the schema knows', () => {
    const blocks = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, body = '']) => body);
    expect(blocks.flatMap(brokenRecipe)).toEqual([]);
  });
});

it('docs/training.md says of every number of a step what the code says', () => {
  const page = pages.find(({ name }) => name === 'docs/training.md')?.text ?? '';
  const rows = [...page.matchAll(/^\| `(\w+)` \| (.+) \|$/gm)].map(([, name, meaning]) => ({ name, meaning }));
  const known = stepNumbers.map(({ name, meaning }) => ({ name, meaning }));
  expect(rows.filter(({ name }) => known.some((number) => number.name === name))).toEqual(known);
});

describe('these checks', () => {
  it('find what is broken', () => {
    expect(brokenLink('README.md', 'docs/nothing.md')).toContain('is not there');
    expect(brokenLink('README.md', 'docs/log.md#no-such-heading')).toContain('no such heading');
    expect(brokenLink('docs/log.md', '#controls')).toBeUndefined();
    expect(brokenCommand('vauto rnu x')).toContain('no command');
    expect(brokenCommand('vauto run x --untl train')).toContain('no flag --untl');
    expect(brokenCommand('vauto runs show x --json')).toBeUndefined();
    expect(brokenRecipe('train: {stepz: 3}')).toHaveLength(1);
  });

  it('see the commands of the pages', () => {
    const lines = pages.flatMap(({ text }) => commandLines(text));
    expect(lines).toContain('vauto run recipes/quickstart.yaml');
    expect(lines.length).toBeGreaterThan(12);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { recipeJsonSchema } from '../../../orchestrator/recipe/index.js';

const committed = new URL('../../../recipes/recipe.schema.json', import.meta.url);

describe('recipe.schema.json', () => {
  it('is what the schema says now; `npx vauto schema > recipes/recipe.schema.json && npm run format` renews it', () => {
    expect(JSON.parse(readFileSync(committed, 'utf8'))).toEqual(recipeJsonSchema());
  });

  it('has a sentence for every key, and refuses keys that it does not name', () => {
    const bare: string[] = [];
    walk(recipeJsonSchema(), 'recipe', bare);
    expect(bare).toEqual([]);
  });

  it('asks only for what has no default', () => {
    expect(recipeJsonSchema().required).toEqual(['version', 'name', 'model', 'data']);
  });
});

interface Node {
  description?: string;
  additionalProperties?: unknown;
  properties?: Record<string, Node>;
  items?: Node;
}

function walk(node: Node, path: string, bare: string[]): void {
  if (node.properties && node.additionalProperties !== false) bare.push(`${path} takes any key`);
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    if (!child.description) bare.push(`${path}.${key}`);
    walk(child, `${path}.${key}`, bare);
  }
  if (node.items) walk(node.items, `${path}[]`, bare);
}

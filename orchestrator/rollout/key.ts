import { hash } from 'node:crypto';
import type { Media } from '../records/index.js';
import type { RolloutRequest } from './engine.js';

/** What besides the request decides a completion. */
export interface EngineIdentity {
  /** Content of the model folder (weights, tokenizer, processor, adapter), or its hub id, or a server's name for it. */
  readonly weights: string;
  /** Versions of the libraries that compute it. */
  readonly libraries: Readonly<Record<string, string>>;
  /** Settings of the engine and the video budget. */
  readonly settings: unknown;
}

/**
 * Name of a request before anything is generated, 32 hex digits: equal for equal weights, engine and pixels (`engine`, see
 * `EngineIdentity`), messages, media by content, sampling, seed and place in the group. Where files lie, what the answer
 * is and what the prompt is called are no part of it.
 */
export function requestKey(request: RolloutRequest, engine: EngineIdentity): string {
  const { promptId: _name, media, messages, ...rest } = request;
  // The sorted JSON of the whole; its parts are the same objects for all requests of a prompt, or of a job.
  const parts = Object.entries({ engine, ...rest })
    .filter(([, part]) => part !== undefined)
    .map(([name, part]): [string, string] => [name, jsonOf(part)]);
  parts.push(['media', sortedJson(media.map(contentOf))], ['messages', `[${messages.map(jsonOf).join(',')}]`]);
  parts.sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', `{${parts.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`).slice(0, 32);
}

const contentOf = ({ kind, start, end, sha256 }: Media) => ({ kind, start, end, sha256 });

/** JSON texts of objects that nobody changes. */
const texts = new WeakMap<object, string>();

function jsonOf(part: unknown): string {
  if (part === null || typeof part !== 'object') return sortedJson(part);
  const text = texts.get(part) ?? sortedJson(part);
  texts.set(part, text);
  return text;
}

/**
 * Name of a completion: the engine's content key (weights, prompt token ids, decoded frames, libraries, sampling, seed)
 * and the place in its group.
 */
export function rolloutKey(contentKey: string, index: number): string {
  return hash('sha256', sortedJson({ contentKey, index }));
}

/** JSON with sorted keys: equal content gives equal text. */
function sortedJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  const known = Object.entries(value).filter(([, item]) => item !== undefined);
  known.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${known.map(([name, item]) => `${JSON.stringify(name)}:${sortedJson(item)}`).join(',')}}`;
}

import type { Source } from '../source.js';
import { jsonl } from './jsonl.js';

/** Every source by name. */
export const sources: Readonly<Record<string, Source>> = Object.fromEntries(
  [jsonl].map((source) => [source.name, source]),
);

import type { Answering } from './answer.js';
import type { Limits } from './limits.js';
import type { Metrics } from './metrics.js';
import type { Savings } from './savings.js';

/** Everything that the routes share. */
export interface Gateway extends Answering {
  /** Public name of the model. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** What clients must send; undefined when anybody may ask. */
  readonly apiKey: string | undefined;
  readonly maxBodyBytes: number;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly savings: Savings;
  readonly onLog: (line: string) => void;
}

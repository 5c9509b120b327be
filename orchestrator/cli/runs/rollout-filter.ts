import type { OutcomeName, TraceFilter, TraceOrder } from '../../browser/api/index.js';
import type { VerdictState } from '../../records/index.js';

/** The filters of `runs traces` and `runs export`. */
export interface FilterFlags {
  readonly stage?: string;
  readonly pass?: string;
  readonly set?: string;
  readonly source?: string;
  readonly type?: string;
  readonly prompt?: string;
  readonly wrong?: boolean;
  readonly first?: OutcomeName;
  readonly second?: OutcomeName;
  readonly gate?: 'exit' | 'think';
  readonly threshold?: number;
  readonly minConfidence?: number;
  readonly maxConfidence?: number;
  readonly state?: VerdictState;
  readonly search?: string;
}

export interface OrderFlags {
  readonly sort?: TraceOrder;
  readonly order?: 'asc' | 'desc';
}

/** As the run browser's reader takes it; `wrong` is not among its filters. */
export function traceFilter(flags: FilterFlags & OrderFlags): TraceFilter {
  const { stage, pass, set, source, type, prompt, first, second, gate, threshold } = flags;
  const { minConfidence, maxConfidence, state, search: q, sort, order } = flags;
  return {
    ...{ stage, pass, set, source, type, prompt, first, second, gate, threshold },
    ...{ minConfidence, maxConfidence, state, q, sort, order },
  };
}

/** Those that the store itself answers page by page, without a look at all rollouts of the run. */
const OF_THE_STORE = new Set(['stage', 'set', 'prompt', 'wrong']);
const FILTERS: readonly (keyof (FilterFlags & OrderFlags))[] = [
  ...(['stage', 'pass', 'set', 'source', 'type', 'prompt', 'wrong', 'first', 'second', 'gate', 'threshold'] as const),
  ...(['minConfidence', 'maxConfidence', 'state', 'search', 'sort', 'order'] as const),
];

/** The flags given that need more than the store's own pages. */
export function furtherFlags(flags: FilterFlags & OrderFlags): string[] {
  return FILTERS.filter((name) => flags[name] !== undefined && !OF_THE_STORE.has(name)).map(flagName);
}

function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

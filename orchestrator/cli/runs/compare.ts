import type { CompareAnswer, FlipsAnswer, PolicyName } from '../../browser/api/index.js';
import type { Reader } from '../../browser/reader/index.js';
import { printJson, printText } from '../output.js';
import { comparisonText } from './compare-text.js';
import { modeOf } from './mode.js';
import { findRun, withStore } from './open.js';
import { usageError, withReader } from './reader.js';

export interface CompareFlags {
  readonly runs: string;
  readonly json?: boolean;
  readonly policy: PolicyName;
  readonly benchmark?: string;
  readonly flips?: number;
}

/** Questions that one run answers otherwise than the first: up to so many of each kind. */
export interface FlipList {
  readonly run: string;
  readonly broken: FlipsAnswer;
  readonly fixed: FlipsAnswer;
}

export interface Comparison extends CompareAnswer {
  readonly flips: readonly FlipList[];
}

/** `vauto runs compare RUN RUN…`. */
export function compareRuns(names: readonly string[], flags: CompareFlags): void {
  const [first, ...others] = names;
  if (first === undefined || others.length === 0)
    throw usageError('two runs are compared, or more', 'name the one to compare with first');
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw usageError(`run ${twice} is named twice`, 'name each run once');
  const records = withStore(flags.runs, (store) => names.map((name) => findRun(store, name)));
  const comparison = withReader(flags.runs, (reader) => compare(reader, names, flags));
  if (flags.json) printJson(comparison);
  else {
    const gated = records.filter((run) => modeOf(run) === 'answer-twice').map(({ name }) => name);
    printText(comparisonText(comparison, new Set(gated)));
  }
}

function compare(reader: Reader, names: readonly string[], { policy, benchmark, flips: limit }: CompareFlags) {
  const answer = reader.compare({ run: names, policy });
  const known = answer.benchmarks.map((item) => item.benchmark);
  if (benchmark !== undefined && !known.includes(benchmark))
    throw usageError(`none of the runs has a benchmark ${benchmark}`, `they have ${known.join(', ')}`);
  const benchmarks = answer.benchmarks.filter((item) => benchmark === undefined || item.benchmark === benchmark);
  const only = benchmark === undefined || benchmark === 'overall' ? {} : { benchmark };
  const [first, ...others] = names;
  const flips = (limit === undefined ? [] : others).map((run): FlipList => {
    const of = (kind: 'broken' | 'fixed') => reader.flips({ run: [first, run], policy, kind, limit, ...only });
    return { run, broken: of('broken'), fixed: of('fixed') };
  });
  return { ...answer, benchmarks, flips };
}

const BENCHMARK = 'benchmark:';

/** Name of a benchmark's prompt set in the store. */
export function benchmarkSet(benchmark: string): string {
  return BENCHMARK + benchmark;
}

/** The benchmark whose prompts are in a set; any other set keeps its name. */
export function benchmarkOf(set: string): string {
  return set.startsWith(BENCHMARK) ? set.slice(BENCHMARK.length) : set;
}

/** What all benchmarks together are called in metrics, each question counting once; no benchmark can have this name. */
export const OVERALL = 'overall';

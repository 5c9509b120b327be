import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('sweep')
    .summary('accuracy against tokens for every threshold, from recorded traces')
    .description('Compute the frontier over all thresholds of a run, or of a file of rows; needs no GPU.')
    .argument(
      '<run|file>',
      'name of a run, or a JSON Lines file (- for standard input) of rows {id, benchmark, confidence, first, second}',
    )
    .option('--benchmark <name>', 'only this benchmark (default: all, pooled)')
    .option('--holdout <share>', "share of the videos kept for reporting (default: the run's, or 0.5)")
    .option('--rule <name>', "fewest-tokens, max-accuracy or token-budget (default: the run's)")
    .option('--budget <tokens>', 'mean generated tokens a question that token-budget may spend')
    .option('--tolerance <accuracy>', "accuracy given up for fewer tokens (default: the run's, or 0.01)")
    .option('--seed <n>', "seed of the split and the intervals (default: the run's, or 0)")
    .option('--runs <dir>', 'folder of the store (default: runs, or VAUTO_RUNS)')
    .option('--csv', 'print every point of the frontier as CSV')
    .option('--json', 'print the sweep as one JSON document')
    .addHelpText('after', '\nExample:\n  vauto sweep quickstart --benchmark reasoning --csv > frontier.csv')
    .action(async (source: string, flags: Record<string, string | boolean>) => {
      const { showSweep } = await import('../show-sweep.js');
      await showSweep(source, flags);
    });
}

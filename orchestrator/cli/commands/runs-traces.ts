import { type Command, Option } from 'commander';
import { TRACE_ORDERS } from '../../browser/api/index.js';
import type { TraceFlags } from '../runs/traces.js';
import { parseLimit, parseOffset, withFilters, withFolder } from './runs-options.js';

export function register(runs: Command): void {
  const command = runs
    .command('traces')
    .summary('single rollouts: answers, confidence, verdicts, reward')
    .description('List graded rollouts of a run, page by page.')
    .argument('<run>', 'name of the run');
  withFolder(
    withFilters(command)
      .addOption(new Option('--sort <by>', 'order; without it, as they were committed').choices(TRACE_ORDERS))
      .addOption(new Option('--order <order>', 'with --sort').choices(['asc', 'desc']))
      .option('--limit <n>', 'rows of a page, 1 to 10000', parseLimit, 20)
      .option('--offset <n>', 'rows to leave out at the beginning', parseOffset)
      .option('--after <token>', 'the page after this one: the "next" of the page before')
      .option('--explain', 'print each rollout in full, with the reasons for its reward'),
    'print one JSON document: {rows, next}',
  )
    .addHelpText(
      'after',
      '\nExample:\n  vauto runs traces quickstart --stage evaluate --wrong --limit 5 --explain\n  vauto runs traces quickstart --gate exit --first wrong --sort confidence',
    )
    .action(async (run: string, flags: TraceFlags) => {
      const { showTraces } = await import('../runs/traces.js');
      await showTraces(run, flags);
    });
}

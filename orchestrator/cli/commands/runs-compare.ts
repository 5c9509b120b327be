import { type Command, Option } from 'commander';
import { POLICIES } from '../../browser/api/index.js';
import type { CompareFlags } from '../runs/compare.js';
import { parseFlips, withFolder } from './runs-options.js';

export function register(runs: Command): void {
  withFolder(
    runs
      .command('compare')
      .summary('accuracy and tokens of runs beside the first of them, paired by question')
      .description(
        'Compare the last evaluation of runs with that of the first, benchmark by benchmark: accuracy with 95% intervals, and paired differences with intervals drawn over videos. A difference is told only where its interval leaves 0 out.',
      )
      .argument('<run...>', 'names of two runs or more')
      .addOption(new Option('--policy <name>', 'which answer counts').choices(POLICIES).default('auto'))
      .option('--benchmark <name>', 'only this benchmark, or overall')
      .option('--flips <n>', 'list up to n questions that changed each way, 1 to 500', parseFlips),
    'print one JSON document: {policy, runs, benchmarks, flips}',
  )
    .addHelpText('after', '\nExample:\n  vauto runs compare quickstart longer --flips 10')
    .action(async (names: string[], flags: CompareFlags) => {
      const { compareRuns } = await import('../runs/compare.js');
      compareRuns(names, flags);
    });
}

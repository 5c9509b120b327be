import type { Command } from 'commander';
import * as change from './runs-change.js';
import * as compare from './runs-compare.js';
import * as exported from './runs-export.js';
import * as look from './runs-look.js';
import * as notes from './runs-notes.js';
import * as traces from './runs-traces.js';

export function register(program: Command): void {
  const runs = program
    .command('runs')
    .summary('look at past and present runs')
    .description(
      'Look at the runs in the store: list, show, compare, traces, steps, export. tag and note write down what you think of one; push gives its policy away, remove takes one away, restore mends the store.',
    )
    .addHelpText('after', '\nExample:\n  vauto runs show quickstart');
  for (const part of [look, compare, traces, exported, notes, change]) part.register(runs);
}

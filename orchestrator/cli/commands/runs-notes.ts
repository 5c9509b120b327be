import { type Command, Option } from 'commander';
import type { NoteFlags, TagFlags } from '../runs/notes.js';
import { withFolder } from './runs-options.js';

/** tag, note. */
export function register(runs: Command): void {
  withFolder(
    runs
      .command('tag')
      .summary('give a run tags, or take them away')
      .description('Give a run tags, by which vauto runs list and the run browser find it.')
      .argument('<run>', 'name of the run')
      .argument('<tag...>', '1 to 50 characters without a comma; a run has at most 50')
      .option('--remove', 'take these tags away'),
    'print one JSON document: {run, tags}',
  )
    .addHelpText('after', '\nExample:\n  vauto runs tag quickstart baseline "seed 7"\n  vauto runs list --tag baseline')
    .action(async (run: string, tags: string[], flags: TagFlags) => {
      const { tagRun } = await import('../runs/notes.js');
      tagRun(run, tags, flags);
    });

  withFolder(
    runs
      .command('note')
      .summary('write down a note on a run, or read it')
      .description('Write down a note on a run, in the place of the one before; without a text, print it.')
      .argument('<run>', 'name of the run')
      .argument('[text]', 'the note')
      .addOption(new Option('--clear', 'take the note away')),
    'print one JSON document: {run, note}',
  )
    .addHelpText('after', '\nExample:\n  vauto runs note quickstart "as in the paper, but on the CPU"')
    .action(async (run: string, text: string | undefined, flags: NoteFlags) => {
      const { noteRun } = await import('../runs/notes.js');
      noteRun(run, text, flags);
    });
}

import type { Command } from 'commander';

export function register(program: Command): void {
  const data = program
    .command('data')
    .summary('look at data sets')
    .description('Look at data sets before they are used.');
  data
    .command('check')
    .summary('check manifests and their media, row by row')
    .description(
      'Read manifests (JSON Lines) as a run would: count their questions, hash their media and list every row that cannot be used.',
    )
    .argument('<file...>', 'manifest files')
    .option('--root <dir>', "folder of the media files (default: each manifest's folder)")
    .option('--show <n>', 'bad rows to list for each file, as a number', '20')
    .option('--json', 'print the result as one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  vauto data check recipes/tiny/data/train.jsonl\n\nExit status 1 when a row cannot be used.',
    )
    .action(async (files: string[], flags: { root?: string; show: string; json?: boolean }) => {
      const { checkData } = await import('../check-data.js');
      process.exitCode = await checkData(files, flags);
    });
}

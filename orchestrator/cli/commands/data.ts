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
      'Read manifests (JSON Lines, plain, .gz or .zst; Parquet) as a run would: count their questions, hash their media and list every row that cannot be used.',
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
  data
    .command('import')
    .summary('write manifests of any format as one of JSON Lines')
    .description(
      'Read manifests (JSON Lines, plain, .gz or .zst; Parquet), check every row and write the good ones to one manifest in the form of docs/data.md. The others go to OUT.rejected.jsonl, each with its reason.',
    )
    .argument('<file...>', 'manifest files; an id may stand in one of them only')
    .requiredOption('--out <file>', 'the manifest to write: OUT.jsonl or OUT.jsonl.gz')
    .option('--root <dir>', "folder of the media files (default: each manifest's folder when read, OUT's when written)")
    .option('--max-rejected <n>', 'rows that may be rejected, as a number or a share such as 1%', '0')
    .option('--json', 'print the result as one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  vauto data import part-1.parquet part-2.jsonl.gz --out all.jsonl\n\nExit status 1 when more rows are rejected than may be: OUT is not written then.',
    )
    .action(async (files: string[], flags: { out: string; root?: string; maxRejected: string; json?: boolean }) => {
      const { importData } = await import('../import-data.js');
      process.exitCode = await importData(files, flags);
    });
}

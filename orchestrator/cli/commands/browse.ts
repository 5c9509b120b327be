import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('browse')
    .summary('look at runs, traces and thresholds in a web page')
    .description(
      'Open the run browser: a local web page over the store, with the frames that the model saw, its answers, the gate and the reward. It changes nothing.',
    )
    .option('--runs <dir>', 'folder of the store (default: runs, or VAUTO_RUNS)')
    .option('--port <n>', 'port to listen on; 0 takes a free one', '7878')
    .option('--host <address>', 'address to listen on; others than this machine need a token', '127.0.0.1')
    .option('--token-env <name>', 'environment variable with the token (default: a new one where one is needed)')
    .option('--json', 'print {"url"} as JSON when it is up')
    .addHelpText('after', '\nExample:\n  vauto browse --port 8000')
    .action(async (flags: Record<string, unknown>) => {
      const { browse } = await import('../browse.js');
      await browse(flags);
    });
}

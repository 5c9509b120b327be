import { type Command, Option } from 'commander';
import { collect } from './list-option.js';

export function register(program: Command): void {
  program
    .command('serve')
    .summary('answer over HTTP as OpenAI does, stopping early where it can')
    .description('Serve a model behind an OpenAI-compatible API that stops at a sure first answer.')
    .argument('<recipe|model>', 'recipe file, model folder or hub id; with --upstream only its prompts are used')
    .option('--run <name>', "serve this run's trained policy with the threshold that it chose")
    .option('--runs <dir>', 'folder of the store (default: runs, or VAUTO_RUNS)')
    .option('--upstream <url>', 'a vLLM server that runs already (repeatable); starts none', collect)
    .option('--upstream-key-env <name>', 'environment variable with the key of these servers')
    .option('--name <model>', "name of the model for clients (default: the recipe's or folder's)")
    .addOption(new Option('--policy <name>', 'when to think').choices(['never', 'always', 'auto']).default('auto'))
    .option('--threshold <τ>', "confidence that ends a request (default: the run's, or the recipe's)")
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on', '8080')
    .option('--api-key-env <name>', 'environment variable with the key that clients must send')
    .option('--max-running <n>', 'requests at a time', '64')
    .option('--max-waiting <n>', 'requests that wait; more are turned away with 429', '256')
    .option('--max-body <MB>', 'largest request', '64')
    .option('--media-root <dir>', 'folder whose files clients may name as file: addresses')
    .addOption(
      new Option('--remote-media <rule>', 'public: fetch media from public addresses')
        .choices(['public', 'off'])
        .default('public'),
    )
    .option('--log <file>', "write vLLM's log there")
    .option('--json', 'print {"url", "model"} as JSON when it is up')
    .addHelpText('after', '\nExample:\n  vauto serve recipes/quickstart.yaml --run quickstart')
    .action(async (source: string, flags: Record<string, unknown>) => {
      const { serve } = await import('../serve.js');
      await serve(source, flags);
    });
}

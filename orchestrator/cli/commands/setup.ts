import { type Command, Option } from 'commander';

interface SetupFlags {
  engine?: 'cpu' | 'cuda';
  venv?: string;
  recreate?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('setup')
    .summary('make the Python environment (also done by the first run)')
    .description(
      'Make the Python environment from pinned requirements and prove that it works. Does nothing when it is there.',
    )
    .addOption(
      new Option('--engine <build>', 'build of vLLM (default: cuda with an NVIDIA GPU, else cpu)').choices([
        'cpu',
        'cuda',
      ]),
    )
    .option('--venv <dir>', "folder of the environment (default: .venv beside vauto's package)")
    .option('--recreate', 'start from nothing, even if the environment looks right')
    .option('--json', 'print what was set up as one JSON document')
    .addHelpText('after', '\nExample:\n  vauto setup --engine cpu')
    .action(async (flags: SetupFlags) => {
      const { runSetup } = await import('../run-setup.js');
      await runSetup(flags);
    });
}

import type { Command } from 'commander';

interface DoctorFlags {
  runs: string;
  venv?: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('doctor')
    .summary('check everything that a run needs')
    .description(
      'Check everything that a run needs, and say how to mend what is missing. Exit status 3 when something needed is.',
    )
    .option('--runs <dir>', 'folder of the store and the run folders', process.env.VAUTO_RUNS ?? 'runs')
    .option('--venv <dir>', "folder of the Python environment (default: .venv beside vauto's package)")
    .option('--json', 'print the checks as one JSON document')
    .addHelpText('after', '\nExample:\n  vauto doctor --json')
    .action(async (flags: DoctorFlags) => {
      const { runDoctor } = await import('../run-doctor.js');
      await runDoctor(flags);
    });
}

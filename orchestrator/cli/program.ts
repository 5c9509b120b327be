import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Streams } from './boundary.js';
import { registerCommands } from './commands/index.js';

/** The commander program with every command; nothing is loaded but names, flags and help texts. */
export function createProgram(streams: Streams): Command {
  const program = new Command('vauto')
    .summary('train, evaluate and sweep auto-thinking video models')
    .description('Train, evaluate and sweep auto-thinking video models: one recipe from data to report.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    // Errors are thrown to the one boundary, which prints them.
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void streams.stdout(text),
      writeErr: (text) => void streams.stderr(text),
      outputError: () => {},
      getOutHelpWidth: () => Math.min(80, process.stdout.columns ?? 80),
      getErrHelpWidth: () => Math.min(80, process.stderr.columns ?? 80),
    })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText('after', '\nExample:\n  vauto run recipes/quickstart.yaml');
  registerCommands(program);
  return program;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

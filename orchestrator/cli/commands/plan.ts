import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('plan')
    .summary('show what a run would do, without doing it')
    .description('Check a recipe and its data and show the stages with their rollouts, tokens and steps.')
    .argument('<recipe>', 'recipe file (YAML)')
    // No default: help would show it as an empty list.
    .option('--set <path=value>', 'override a recipe value (repeatable)', (value: string, all: string[] = []) => [
      ...all,
      value,
    ])
    .option('--json', 'print the plan as one JSON document')
    .addHelpText('after', '\nExample:\n  vauto plan recipes/quickstart.yaml')
    .action(async (file: string, flags: { set?: string[]; json?: boolean }) => {
      const { showPlan } = await import('../show-plan.js');
      await showPlan(file, { ...flags, set: flags.set ?? [] });
    });
}

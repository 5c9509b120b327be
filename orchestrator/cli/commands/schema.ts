import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('schema')
    .summary("print the recipe's JSON Schema, for editors")
    .description('Print the JSON Schema of recipes. Editors check recipes with it while you write.')
    .option('--json', 'the same (the schema is JSON anyway)')
    .addHelpText('after', '\nExample:\n  vauto schema > recipe.schema.json')
    .action(async () => {
      const { recipeJsonSchema } = await import('../../recipe/index.js');
      const { printJson } = await import('../output.js');
      printJson(recipeJsonSchema());
    });
}

import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('grade')
    .summary('grade completions: verdicts of both answers and the reward')
    .description(
      'Read JSON Lines {id, problem_type, answer, options?, question?, prefix?, completion} and write one verdict row a line.',
    )
    .argument('<file>', 'JSON Lines file, or - for standard input')
    .option('--recipe <file>', 'take weights, thresholds and mode from this recipe')
    .option(
      '--threshold <iou>',
      'IoU from which a grounded answer counts as correct, above 0, at most 1 (default: 0.7)',
    )
    .option(
      '--mode <mode>',
      'form of the completions: answer-twice, cot, direct or adapt-think (default: answer-twice)',
    )
    .option(
      '--parsers <names>',
      'in the modes cot and direct, where to look for the answer, in this order: answer-tag, box, after-think, whole (default: box)',
    )
    .option('--format-rule <rule>', 'what earns the format point: strict or reference (default: strict)')
    .option('--timeout <seconds>', 'for comparing one answer by algebra (default: 5)')
    .option('--explain', 'say in words how each completion was read and graded and how its reward adds up')
    .option('--json', 'rows are JSON Lines in any case; with this, errors are JSON too')
    .addHelpText('after', '\nExample:\n  vauto grade recipes/tiny/completions.jsonl --explain')
    .action(async (file: string, flags: Record<string, string | boolean>) => {
      const { gradeFile } = await import('../grade-file.js');
      await gradeFile(file, flags);
    });
}

import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('grade')
    .summary('grade completions: verdicts of both answers and the reward')
    .description('Read JSON Lines {id, problem_type, answer, options?, completion} and write one verdict row a line.')
    .argument('<file>', 'JSON Lines file, or - for standard input')
    .option('--threshold <iou>', 'IoU from which a grounded answer counts as correct, 0 to 1', '0.7')
    .option('--mode <mode>', 'form of the completions: answer-twice, cot or direct', 'answer-twice')
    .option('--json', 'rows are JSON Lines in any case; with this, errors are JSON too')
    .addHelpText('after', '\nExample:\n  vauto grade recipes/tiny/completions.jsonl')
    .action(async (file: string, flags: { threshold: string; mode: string }) => {
      const { gradeFile } = await import('../grade-file.js');
      await gradeFile(file, flags);
    });
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import { OUTCOMES } from '../../browser/api/index.js';
import type { VerdictState } from '../../records/index.js';

/** Spelled out: the records bring a schema library along, which no --help needs. */
const STATES: readonly VerdictState[] = ['graded', 'unparsed', 'timeout', 'error'];

/** Adds the options that every command over a runs folder has; `json` says what document is printed. */
export function withFolder(command: Command, json = 'print one JSON document'): Command {
  return command
    .option(
      '--runs <dir>',
      'folder of the store and the run folders (env VAUTO_RUNS)',
      process.env.VAUTO_RUNS ?? 'runs',
    )
    .option('--json', json);
}

/** Adds the filters of rollouts: those of `runs traces` and of `runs export`. */
export function withFilters(command: Command): Command {
  return command
    .option('--stage <name>', 'only this stage (filter, evaluate-before, train, evaluate, sweep)')
    .option('--pass <name>', 'only this pass of a stage (filter, greedy, sampled, train)')
    .option('--set <name>', 'only this prompt set (train, benchmark:NAME)')
    .option('--source <name>', 'only prompts of this source')
    .option('--type <name>', 'only this problem type (math, exact_match, iou, gqa)')
    .option('--prompt <id>', 'only this prompt')
    .option('--wrong', 'only rollouts whose answer is wrong')
    .addOption(new Option('--first <outcome>', 'by the first answer').choices(OUTCOMES))
    .addOption(new Option('--second <outcome>', 'by the second, or only, answer').choices(OUTCOMES))
    .addOption(new Option('--gate <decision>', 'by what the gate does').choices(['exit', 'think']))
    .option('--threshold <τ>', "confidence from which the gate exits (default: the run's)", parseThreshold)
    .option('--min-confidence <p>', 'confidence of the first answer, at least', parseShare)
    .option('--max-confidence <p>', 'confidence of the first answer, at most', parseShare)
    .addOption(new Option('--state <state>', 'either verdict has this state').choices(STATES))
    .option('--search <text>', 'full text of question and completion: all words, "a phrase", begin*');
}

/** A number of rows. */
export const parseLimit = wholeNumber(1, 10_000);
export const parseOffset = wholeNumber(0, 1_000_000_000);
export const parseFlips = wholeNumber(1, 500);

const parseShare = numberIn(0, 1);
const parseThreshold = numberIn(0, 2);

function wholeNumber(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() === '' || !Number.isInteger(number) || number < least || number > most)
      throw new InvalidArgumentError(`A whole number from ${least} to ${most} is needed.`);
    return number;
  };
}

function numberIn(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() === '' || !(number >= least && number <= most))
      throw new InvalidArgumentError(`A number from ${least} to ${most} is needed.`);
    return number;
  };
}

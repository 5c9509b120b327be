import type { ExitRecord, Prompt, Reward, Trace, Verdict, Verdicts } from '../records/index.js';
import { modeOf } from './runs/mode.js';

const INDENT = '    ';

/** A completion with all that was read and decided of it. */
export interface Graded {
  readonly text: string;
  readonly finishReason?: string;
  /** Only where an early exit was asked for. */
  readonly exit?: ExitRecord | undefined;
  readonly trace: Trace;
  readonly verdicts: Verdicts;
  /** Null when the grader gave no verdict. */
  readonly reward: Reward | null;
}

/** One completion in full: what was asked, what was answered, how it was graded, and how the reward adds up. */
export function explain(title: string, graded: Graded, prompt: Prompt | null, recipe: unknown): string {
  const { trace, verdicts, reward, finishReason } = graded;
  const ending = `${trace.truncated ? ', cut at the limit' : ''}${finishReason === undefined ? '' : `; finish: ${finishReason}`}`;
  const lines = [
    title,
    ...(prompt ? questionLines(prompt) : []),
    '  completion',
    indented(graded.text),
    ...(modeOf({ recipe }) === 'answer-twice'
      ? twoAnswers(graded)
      : [`  answer         ${answerText(trace.second?.text, verdicts.second)}`]),
    ...(trace.tokens.total === 0
      ? []
      : [
          `  confidence     ${trace.confidence?.toFixed(6) ?? '- (no first answer that counts, or no log-probs)'}`,
          `  tokens         ${trace.tokens.first} to the first answer, ${trace.tokens.total} in all${ending}`,
        ]),
    ...(graded.exit === undefined ? [] : [`  early exit     ${exitText(graded.exit)}`]),
    `  format         ${trace.format === 1 ? '' : 'not '}${layoutOf(recipe)}`,
    `  reward         ${reward ? rewardText(reward, recipe) : '- (the grader gave no verdict: left out of its group)'}`,
  ];
  return `${lines.join('\n')}\n`;
}

function exitText({ mode, exited, confidence, wastedTokens, second }: ExitRecord): string {
  const sure = confidence === null ? 'no confidence' : `confidence ${confidence.toFixed(6)}`;
  const again = second
    ? `; ${second.cachedTokens ?? 0} of ${second.promptTokens} prompt tokens cached the second time`
    : '';
  return `${exited ? 'yes' : 'no'} (${mode}, ${sure}, ${wastedTokens} tokens after the decision${again})`;
}

function twoAnswers({ trace, verdicts }: Graded): string[] {
  return [
    `  first answer   ${answerText(trace.first?.text, verdicts.first)}${trace.fallback ? ' (the fallback sentence)' : ''}`,
    `  second answer  ${answerText(trace.second?.text, verdicts.second)}`,
  ];
}

const LAYOUTS: Readonly<Record<string, string>> = {
  'answer-twice': 'box, think block, box',
  cot: 'think block, answer',
  direct: 'the answer alone',
  'adapt-think': 'the answer, alone or behind a think block',
};

function layoutOf(recipe: unknown): string {
  return LAYOUTS[modeOf({ recipe })] ?? '';
}

function questionLines(prompt: Prompt): string[] {
  const options = (prompt.options ?? []).map(
    (option, index) => `${INDENT}${String.fromCharCode(65 + index)}. ${plain(option)}`,
  );
  const spans =
    prompt.spans === undefined ? '' : ` ${prompt.spans.map(([start, end]) => `[${start}, ${end}]`).join(' ')}`;
  return [
    `  question (${prompt.problemType})`,
    indented(prompt.question),
    ...options,
    `  gold           ${plain(prompt.answer)}${spans}`.trimEnd(),
  ];
}

function answerText(text: string | undefined, verdict: Verdict | null): string {
  if (text === undefined) return '- (none found): wrong';
  if (verdict === null) return plain(text);
  const graded = verdict.correct === null ? `not graded (${verdict.state})` : verdict.correct ? 'right' : 'wrong';
  const value =
    verdict.value === null || verdict.value === Number(verdict.correct) ? '' : `, value ${verdict.value.toFixed(3)}`;
  return `${plain(text)}: ${graded}${value}, read as ${verdict.normalised === null ? 'nothing' : plain(verdict.normalised)}`;
}

interface RecipeParts {
  readonly reward?: { readonly first?: number; readonly second?: number; readonly format?: number };
}

function rewardText(reward: Reward, recipe: unknown): string {
  const { reward: weights = {} } = (recipe ?? {}) as RecipeParts;
  const { first = 0.9, second = 1.1, format = 1 } = weights;
  const bonus =
    reward.direct === undefined ? `fallback bonus ${reward.fallback}` : `bonus for not thinking ${reward.direct}`;
  const ending = `${format} × format ${reward.format} + ${bonus} = ${reward.total.toFixed(3)}`;
  // One answer alone carries both weights.
  if (modeOf({ recipe }) !== 'answer-twice') return `${first + second} × answer ${round(reward.second)} + ${ending}`;
  return `${first} × first ${round(reward.first)} + ${second} × second ${round(reward.second)} + ${ending}`;
}

function round(value: number): string {
  return String(Number(value.toFixed(3)));
}

/** A model's text may hold control characters and turns of the writing direction: none of them reaches the terminal. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}

function indented(text: string): string {
  const lines = text.split('\n').map((line) => INDENT + plain(line));
  return lines.join('\n');
}

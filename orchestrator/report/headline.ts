import { OVERALL } from '../records/index.js';
import type { Frontier, ReportData, TableRow } from './data.js';
import { pointAt } from './figures.js';
import { fixed, interval, percent, thresholdText } from './numbers.js';

export interface Headline {
  readonly label: string;
  readonly value: string;
  readonly detail: string;
}

/** The numbers on the first screen. */
export function headlines(data: ReportData): Headline[] {
  return [...(data.choosesItself ? choiceHeadlines(data) : gateHeadlines(data)), ...trainingHeadlines(data)];
}

/** The result in one sentence. */
export function summary(data: ReportData): string {
  if (data.choosesItself) return choiceSummary(data);
  const pooled = data.frontiers[0];
  const point = pooled && pointAt(pooled, data.threshold);
  if (!pooled || !point) return 'No threshold sweep was recorded for this run.';
  const saved = savedShare(pooled, point.meanTokens);
  return (
    `With the threshold τ = ${thresholdText(data.threshold)} the model answers ${percent(1 - point.thinkRatio, 0)} of ${pooled.n} questions ` +
    `without thinking and generates ${percent(Math.abs(saved), 0)} ${saved >= 0 ? 'fewer' : 'more'} tokens than when it always thinks; ` +
    `its accuracy is ${percent(point.accuracy)} instead of ${percent(pooled.always.accuracy)}.`
  );
}

/** What the model's own choice gives beside always thinking, over all benchmarks. */
function choiceOf({ table }: ReportData) {
  const row = (policy: string) => table.find((item) => item.benchmark === OVERALL && item.policy === policy);
  const [auto, always] = [row('auto'), row('always')];
  if (auto === undefined) return undefined;
  const accuracy = (of: TableRow) => (of.after ?? of.before)?.value ?? null;
  return {
    n: (auto.after ?? auto.before)?.n ?? 0,
    auto: { accuracy: accuracy(auto), tokens: auto.tokens.now, thinkRatio: auto.thinkRatio.now },
    always: always && { accuracy: accuracy(always), tokens: always.tokens.now },
  };
}

function choiceSummary(data: ReportData): string {
  const choice = choiceOf(data);
  if (choice === undefined) return 'The model chooses by itself whether to think; its own choice was not evaluated.';
  const { auto, always, n } = choice;
  const beside = always
    ? `, made to think ${percent(always.accuracy)} with ${fixed(always.tokens, 1)} tokens a question`
    : '';
  return (
    `The model chooses by itself whether to think, and thinks about ${percent(auto.thinkRatio, 0)} of ${n} questions; ` +
    `its accuracy is ${percent(auto.accuracy)} with ${fixed(auto.tokens, 1)} tokens a question${beside}.`
  );
}

function choiceHeadlines(data: ReportData): Headline[] {
  const choice = choiceOf(data);
  if (choice === undefined) return [];
  const { auto, always } = choice;
  return [
    {
      label: 'Accuracy by its own choice',
      value: percent(auto.accuracy),
      detail: always ? `made to think ${percent(always.accuracy)}` : 'of all questions',
    },
    {
      label: 'Tokens an answer',
      value: fixed(auto.tokens, 1),
      detail: always ? `${fixed(always.tokens, 1)} when made to think` : 'mean of all questions',
    },
    { label: 'Answers that think', value: percent(auto.thinkRatio, 0), detail: 'the rest is answered at once' },
  ];
}

function gateHeadlines({ frontiers, threshold }: ReportData): Headline[] {
  const pooled = frontiers[0];
  const point = pooled && pointAt(pooled, threshold);
  if (!pooled || !point) return [];
  const { chosen, always } = pooled;
  const held = chosen?.ci
    ? `; on held-out questions ${percent(chosen.accuracy)} ${interval({ low: chosen.ci[0], high: chosen.ci[1] })}`
    : '';
  return [
    {
      label: 'Accuracy with early exit',
      value: percent(point.accuracy),
      detail: `always thinking ${percent(always.accuracy)}${held}`,
    },
    {
      label: 'Tokens saved',
      value: percent(savedShare(pooled, point.meanTokens), 0),
      detail: `${point.meanTokens.toFixed(1)} tokens an answer instead of ${always.meanTokens.toFixed(1)}`,
    },
    {
      label: 'Answers that think',
      value: percent(point.thinkRatio, 0),
      detail: `the rest is sure at once: confidence ≥ ${thresholdText(threshold)}`,
    },
  ];
}

/** Nothing is called better whose interval holds 0. */
function trainingHeadlines({ gains, training }: ReportData): Headline[] {
  const single = gains.filter((item) => item.benchmark !== OVERALL);
  const sampled = single.filter((item) => item.policy === 'sampled');
  const shown = sampled.length > 0 ? sampled : single;
  if (shown.length > 0) {
    const better = shown.filter(({ gain }) => gain.low !== null && gain.low > 0).length;
    const worse = shown.filter(({ gain }) => gain.high !== null && gain.high < 0).length;
    const detail = `benchmarks whose gain has a 95% interval above 0; ${worse === 0 ? 'none' : worse} below`;
    return [{ label: 'Improved by training', value: `${better} of ${shown.length}`, detail }];
  }
  if (training === null) return [];
  const detail = 'mean reward, first to last fifth of the steps';
  return [
    {
      label: 'Reward in training',
      value: `${training.rewardFirst.toFixed(2)} → ${training.rewardLast.toFixed(2)}`,
      detail,
    },
  ];
}

function savedShare({ always }: Frontier, tokens: number): number {
  return always.meanTokens === 0 ? 0 : 1 - tokens / always.meanTokens;
}

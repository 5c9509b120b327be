import { duration, fixed, percent } from '../../shared/format.js';

/** A chart of numbers of a step; docs/training.md says what each number means. */
export interface CurveGroup {
  readonly title: string;
  readonly lines: readonly (readonly [name: string, label: string])[];
  readonly format: (value: number) => string;
  readonly range?: readonly [number, number];
  /** Shown only when all numbers are asked for. */
  readonly aside?: boolean;
}

const number = (value: number) => compact(value);
const share = (value: number) => percent(value, 0);
const SHARE = { format: share, range: [0, 1] as const };

export const CURVES: readonly CurveGroup[] = [
  {
    title: 'Reward',
    format: (value) => fixed(value, 2),
    lines: [
      ['reward_mean', 'total'],
      ['first_reward', 'first answer'],
      ['second_reward', 'second answer'],
    ],
  },
  {
    title: 'Right answers',
    ...SHARE,
    lines: [
      ['first_correct', 'first'],
      ['second_correct', 'second'],
      ['direct_correct', 'without thinking'],
      ['think_correct', 'after thinking'],
    ],
  },
  {
    title: 'Length',
    format: (value) => `${fixed(value, 0)}`,
    lines: [
      ['completion_tokens', 'completion'],
      ['think_tokens', 'think block'],
    ],
  },
  {
    title: 'Fallback and direct replies',
    ...SHARE,
    lines: [
      ['fallback_rate', 'first is the fallback'],
      ['bonus_rate', 'bonus earned'],
      ['both_fallback', 'both are'],
      ['direct_rate', 'without thinking'],
    ],
  },
  {
    title: 'Layout',
    ...SHARE,
    lines: [
      ['format_rate', 'exact'],
      ['truncated', 'cut'],
      ['empty_think', 'empty think block'],
    ],
  },
  {
    title: 'Confidence of the first answer',
    format: (value) => fixed(value, 2),
    range: [0, 1],
    lines: [['confidence', 'mean']],
  },
  { title: 'KL from the reference', format: number, lines: [['kl', 'nats a token']] },
  { title: 'Entropy', format: number, lines: [['entropy', 'nats a token']] },
  { title: 'Groups without difference', ...SHARE, lines: [['zero_variance', 'share of groups']] },
  { title: 'Spread of rewards', format: number, aside: true, lines: [['reward_std', 'standard deviation']] },
  { title: 'Loss', format: number, aside: true, lines: [['loss', 'loss']] },
  { title: 'Gradient norm', format: number, aside: true, lines: [['grad_norm', 'before clipping']] },
  { title: 'Learning rate', format: number, aside: true, lines: [['learning_rate', 'of the step']] },
  { title: 'Clipped tokens', format: (value) => percent(value), aside: true, lines: [['clip_ratio', 'share']] },
  {
    title: 'Engine against trainer, log-probability',
    format: number,
    aside: true,
    lines: [
      ['logp_gap_mean', 'mean gap'],
      ['logp_gap_max', 'largest'],
    ],
  },
  {
    title: 'Importance ratio',
    format: (value) => String(Number(value.toPrecision(6))),
    aside: true,
    lines: [
      ['importance_ratio_mean', 'mean'],
      ['importance_ratio_min', 'least'],
      ['importance_ratio_max', 'largest'],
    ],
  },
  {
    title: 'Rollouts without reward, or not all stored',
    format: number,
    aside: true,
    lines: [
      ['ungraded', 'ungraded'],
      ['stored_rollouts', 'stored'],
      ['made_rollouts', 'made'],
    ],
  },
  {
    title: 'Time of a step',
    format: (value) => duration(value),
    aside: true,
    lines: [
      ['seconds', 'whole'],
      ['generate_seconds', 'rollouts'],
      ['score_seconds', 'scoring'],
      ['forward_seconds', 'forward'],
      ['backward_seconds', 'backward'],
      ['reward_seconds', 'rewards'],
      ['other_seconds', 'other'],
    ],
  },
  { title: 'Throughput', format: number, aside: true, lines: [['tokens_per_second', 'tokens a second']] },
];

/** Three digits that matter: 0.00123, 12.3, 4,560; very small ones as 1.2e-6. */
export function compact(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size < 1e-3) return value.toExponential(1);
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** Groups for numbers that no group names. */
export function otherGroups(names: Iterable<string>): CurveGroup[] {
  const named = new Set(CURVES.flatMap(({ lines }) => lines.map(([name]) => name)));
  return [...names]
    .filter((name) => !named.has(name))
    .map((name) => ({ title: name, format: number, aside: true, lines: [[name, name]] }));
}

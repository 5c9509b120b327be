import { meanOf } from '../statistics/index.js';
import type { StepRow } from '../store/index.js';

/** Rounds whose mean is looked at, so that one odd step rings nothing. */
const WINDOW = 5;

/** A sign that a training goes wrong, and what to do about it. */
export interface Alarm {
  readonly kind: string;
  readonly message: string;
  readonly fix: string;
}

interface Sign {
  readonly kind: string;
  /** The number of a step (step-numbers.ts) that shows it. */
  readonly name: string;
  /** Whether its mean over the last WINDOW rounds is bad, given the best and the first such mean so far. */
  readonly rings: (now: number, best: number, first: number) => boolean;
  readonly tell: (now: number, best: number, first: number) => string;
  readonly fix: string;
}

const percent = (share: number) => `${Math.round(100 * share)}%`;

const SIGNS: readonly Sign[] = [
  {
    kind: 'format-collapse',
    name: 'format_rate',
    rings: (now, best) => best >= 0.2 && now < best / 2,
    tell: (now, best) => `completions in the right format fell from ${percent(best)} to ${percent(now)}`,
    fix: 'lower train.learningRate or raise train.beta; look at `vauto runs traces RUN --stage train`',
  },
  {
    kind: 'entropy-collapse',
    name: 'entropy',
    rings: (now, _best, first) => now < first / 10,
    tell: (now, _best, first) => `the policy's entropy fell from ${first.toFixed(3)} to ${now.toFixed(3)} a token`,
    fix: 'raise train.beta or lower train.learningRate: rollouts of one question have become alike',
  },
  {
    kind: 'nothing-to-learn',
    name: 'zero_variance',
    rings: (now) => now >= 0.95,
    tell: (now) => `${percent(now)} of the groups are without difference, and teach nothing`,
    fix: 'filter with the temperature and prompt of training, set train.dynamicSampling, or raise train.groupSize',
  },
  {
    kind: 'both-fallback',
    name: 'both_fallback',
    rings: (now) => now > 0.5,
    tell: (now) => `${percent(now)} of the rollouts answer nothing: both answers are the fallback sentence`,
    fix: 'look at the rollouts; lower reward.fallback, and check that right answers are graded as right',
  },
  {
    kind: 'empty-think',
    name: 'empty_think',
    rings: (now) => now > 0.5,
    tell: (now) => `${percent(now)} of the think blocks are empty: the format is earned without thinking`,
    fix: 'look at the rollouts; lower reward.format, or filter out questions that need no thinking',
  },
  {
    kind: 'truncation',
    name: 'truncated',
    rings: (now) => now > 0.5,
    tell: (now) => `${percent(now)} of the completions are cut at train.maxCompletionTokens`,
    fix: 'raise train.maxCompletionTokens, or set train.trl {mask_truncated_completions: true}',
  },
];

/** Looks at one step after the other; tells of a sign when it comes up, and again only after it was gone. */
export function watchForSigns(): (metrics: StepRow['metrics']) => Alarm[] {
  const watched = SIGNS.map((sign) => ({ sign, look: watch(sign) }));
  return (metrics) => watched.flatMap(({ sign, look }) => look(metrics[sign.name]) ?? []);
}

function watch({ kind, rings, tell, fix }: Sign): (value: number | null | undefined) => Alarm | undefined {
  let window: number[] = [];
  let [first, best, ringing] = [Number.NaN, Number.NEGATIVE_INFINITY, false];
  return (value) => {
    if (value === null || value === undefined) return undefined;
    window = [...window, value].slice(-WINDOW);
    if (window.length < WINDOW) return undefined;
    const now = meanOf(window);
    if (Number.isNaN(first)) first = now;
    best = Math.max(best, now);
    const before = ringing;
    ringing = rings(now, best, first);
    return ringing && !before ? { kind, message: tell(now, best, first), fix } : undefined;
  };
}

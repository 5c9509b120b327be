import { exitsAt } from '../answer/index.js';
import { bestIop, bestIou, isRightLetter, parseGrounded, parseSpan } from '../grading/index.js';
import type { Box, Prompt, Span, Verdict } from '../records/index.js';
import { bootstrapMean } from '../statistics/index.js';
import type { MetricRow } from '../store/index.js';
import type { Sample } from './sample.js';

/** never: every first answer; always: every second one; auto: the first when its confidence reaches the threshold. */
export type Policy = 'never' | 'always' | 'auto';

export type Metric = Omit<MetricRow, 'benchmark' | 'policy'>;

/** A sample under a policy: the answer that counts and what it cost. */
export interface Taken {
  readonly sample: Sample;
  readonly exit: boolean;
  readonly box: Box | null;
  readonly verdict: Verdict | null;
  readonly tokens: number;
}

export const INTERVAL = { seed: 1, draws: 2000, level: 0.95 } as const;
const RECALL_LEVELS = [0.3, 0.5, 0.7] as const;
/** Intersection over prediction from which NExT-GQA's Acc@GQA takes a span for grounded. */
const GROUNDED = 0.5;

/**
 * Metrics of one benchmark under a policy, each with a 95% interval over clusters. Shares are of all samples: an answer
 * that is missing, unreadable or not graded is not right. Numbers of another kind of task are not listed.
 */
export function metricsOf(samples: readonly Sample[], policy: Policy, threshold: number): Metric[] {
  const taken = samples.map((sample) => take(sample, policy, threshold));
  return takenMetrics(taken, policy === 'auto' ? gateMetrics(taken) : []);
}

/** Of answers however they were chosen: how right they are and what they cost, with what the `choice` did. */
export function takenMetrics(taken: readonly Taken[], choice: readonly Metric[]): Metric[] {
  return [...answerMetrics(taken), ...choice, ...groundingMetrics(taken)];
}

/** What the policy makes of a sample. */
export function take(sample: Sample, policy: Policy, threshold: number): Taken {
  const { trace, verdicts } = sample;
  const exit = policy === 'never' || (policy === 'auto' && exitsAt(trace.confidence, threshold));
  return exit
    ? { sample, exit, box: trace.first, verdict: verdicts.first, tokens: trace.tokens.first }
    : { sample, exit, box: trace.second, verdict: verdicts.second, tokens: trace.tokens.total };
}

function answerMetrics(taken: readonly Taken[]): Metric[] {
  return [
    share('accuracy', taken, ({ verdict }) => verdict?.correct === true),
    mean('tokens', taken, ({ tokens }) => tokens),
    share('think-ratio', taken, ({ exit }) => !exit),
    share('unparsed', taken, ({ verdict }) => verdict === null || verdict.state === 'unparsed'),
    share('ungraded', taken, ({ verdict }) => verdict !== null && verdict.correct === null),
    share('format', taken, ({ sample }) => sample.trace.format === 1),
  ];
}

/** Thinking is needed where the first answer is wrong and the second is right. */
function gateMetrics(taken: readonly Taken[]): Metric[] {
  const needy = taken.filter(({ sample: { verdicts } }) => !verdicts.first?.correct && verdicts.second?.correct);
  return choiceMetrics(taken, needy);
}

/** What a choice to think or not does: how right the answers without thinking are, and how many of `needy` think. */
export function choiceMetrics(taken: readonly Taken[], needy: readonly Taken[]): Metric[] {
  const exits = taken.filter(({ exit }) => exit);
  return [
    share('exit-accuracy', exits, ({ verdict }) => verdict?.correct === true),
    share('think-recall', needy, ({ exit }) => !exit),
  ];
}

function groundingMetrics(taken: readonly Taken[]): Metric[] {
  const [type, another] = new Set(taken.map(({ sample }) => sample.prompt.problemType));
  if (another !== undefined || (type !== 'iou' && type !== 'gqa')) return [];
  const read = new Map(taken.map((item) => [item, groundingOf(item.sample.prompt, item.box)]));
  const iou = (item: Taken) => read.get(item)?.iou ?? 0;
  const iop = (item: Taken) => read.get(item)?.iop ?? 0;
  const right = (item: Taken) => read.get(item)?.rightLetter === true;
  const metrics = [
    mean('miou', taken, iou),
    ...RECALL_LEVELS.map((level) => share(`recall@${level}`, taken, (item) => iou(item) >= level)),
  ];
  if (type === 'iou') return metrics;
  return [
    ...metrics,
    share('answer-accuracy', taken, right),
    mean('miop', taken, iop),
    share('acc@gqa', taken, (item) => right(item) && iop(item) >= GROUNDED),
  ];
}

function groundingOf(prompt: Prompt, box: Box | null) {
  const text = box?.text ?? '';
  const grounded = prompt.problemType === 'gqa' ? parseGrounded(text, prompt.options) : null;
  const span: Span | null = grounded ? grounded.span : (parseSpan(text)?.span ?? null);
  return {
    rightLetter: grounded !== null && isRightLetter(grounded, prompt),
    iou: span ? bestIou(span, prompt.spans ?? []) : 0,
    iop: span ? bestIop(span, prompt.spans ?? []) : 0,
  };
}

function share(name: string, taken: readonly Taken[], holds: (item: Taken) => boolean): Metric {
  return mean(name, taken, (item) => Number(holds(item)));
}

function mean(name: string, taken: readonly Taken[], pick: (item: Taken) => number): Metric {
  if (taken.length === 0) return { name, value: null, n: 0 };
  const clusters = taken.map(({ sample }) => sample.cluster);
  const interval = bootstrapMean(taken.map(pick), { ...INTERVAL, clusters });
  return { name, value: interval.mean, low: interval.low, high: interval.high, n: taken.length };
}

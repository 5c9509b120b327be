import { gradeMany, type MathVerifier } from '../grading/index.js';
import { groupBy, type Prompt } from '../records/index.js';
import { bootstrapMean } from '../statistics/index.js';
import type { MetricRow } from '../store/index.js';
import type { Sample } from './sample.js';

/**
 * What the same answers would score if they had nothing to do with their questions: each second answer is graded
 * against the gold of another prompt of the same problem type and number of options. No assumption on how answers
 * are distributed is made, so it serves choices, numbers and time spans alike.
 */
export async function chanceOf(
  samples: readonly Sample[],
  correctThreshold: number,
  verifyMath: MathVerifier,
): Promise<Omit<MetricRow, 'benchmark' | 'policy'>> {
  const mixed = exchangeGold(samples);
  const verdicts = await gradeMany(mixed, { verifyMath, correctThreshold });
  const values = verdicts.map((verdict) => (verdict.second?.correct ? 1 : 0));
  const { mean, low, high } = bootstrapMean(values, { seed: 1, draws: 2000, level: 0.95 });
  return { name: 'accuracy', value: mean, low, high, n: values.length };
}

/** Gives each sample the gold of a sample half a group further on, so that neighbours about one video do not meet. */
function exchangeGold(samples: readonly Sample[]): Sample[] {
  const groups = groupBy(samples, ({ prompt }) => `${prompt.problemType}/${prompt.options?.length ?? 0}`);
  return [...groups.values()].flatMap((group) => {
    const shift = Math.floor(group.length / 2);
    return group.map((sample, index) => {
      const other = group[(index + shift) % group.length]?.prompt ?? sample.prompt;
      return { ...sample, prompt: withGold(sample.prompt, other) };
    });
  });
}

function withGold(prompt: Prompt, other: Prompt): Prompt {
  const { spans: _own, ...rest } = prompt;
  return { ...rest, answer: other.answer, ...(other.spans ? { spans: other.spans } : {}) };
}

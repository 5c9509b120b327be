import { z } from 'zod';
import { maxTokens, temperature } from './schema-values.js';

export const filterSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Drop questions that the starting policy always or never gets right.'),
    rollouts: z
      .int()
      .min(2, { error: 'at least 2 rollouts are needed to see a question answered both rightly and wrongly' })
      .max(1024)
      .default(8)
      .describe('Rollouts of each training question.'),
    temperature: temperature
      .gt(0, { error: 'it must be above 0: greedy rollouts of one question are all alike' })
      .default(1)
      .describe('Sampling temperature of the filter.'),
    topP: z.number().gt(0).max(1).default(1).describe('Nucleus sampling of the filter; 1 is off.'),
    maxTokens: maxTokens.default(2048).describe('Generated tokens of one rollout at most.'),
    keepGrounding: z
      .boolean()
      .default(false)
      .describe('Keep grounding questions (iou, gqa) whatever their rollouts say, as the paper did.'),
    grounding: z
      .enum(['threshold', 'spread'])
      .default('threshold')
      .describe(
        'What makes the rollouts of a grounding question differ: threshold, some reach reward.correctThreshold and some do not; spread, their values lie at least filter.spread apart.',
      ),
    spread: z
      .number()
      .gt(0)
      .max(2)
      .default(0.1)
      .describe('With grounding: spread: least distance between the best and the worst value of a question to keep.'),
    exactPassRate: z
      .boolean()
      .default(false)
      .describe(
        'Make all rollouts of every question, for exact pass rates; without it a question is kept at its first right and wrong rollout, and the rest are saved. The questions kept are the same.',
      ),
    unknown: z
      .enum(['drop', 'keep', 'stop'])
      .default('drop')
      .describe('What becomes of a question that failed rollouts or graders leave undecided.'),
  })
  .prefault({})
  .describe('Which training questions are worth training on (paper, appendix A).');

const weight = z.number().min(0).max(100);

export const rewardSchema = z
  .strictObject({
    first: weight.default(0.9).describe('Weight w1 of the first answer.'),
    second: weight.default(1.1).describe('Weight w2 of the second answer.'),
    format: weight.default(1).describe('Weight λ of the format reward.'),
    formatRule: z
      .enum(['strict', 'reference'])
      .default('strict')
      .describe(
        'What earns the format reward: strict, as the paper describes it; reference, what its published code accepts (empty boxes, a blank think block), to compare with published numbers.',
      ),
    fallback: weight.default(0.3).describe('Bonus α for a fallback first answer with a right second answer.'),
    correctThreshold: z
      .number()
      .gt(0)
      .max(1)
      .default(0.7)
      .describe('IoU from which a grounded answer counts as correct.'),
    mathTimeout: z
      .number()
      .gt(0)
      .max(600)
      .default(5)
      .describe('Seconds for comparing one answer by algebra; one that needs longer gets no verdict (state timeout).'),
  })
  .prefault({})
  .describe('The dual-answer reward (paper, section 3.2).');

export const evaluateSchema = z
  .strictObject({
    policies: z
      .array(z.enum(['never', 'always', 'auto']))
      .min(1)
      .default(['never', 'always', 'auto'])
      .describe(
        'never: the first answer; always: the second; auto: the first when its confidence reaches the threshold. With prompting.mode adapt-think: made to answer at once; made to think; as the model chooses.',
      ),
    threshold: z
      .number()
      .gt(0, { error: 'it must be above 0; the policy never takes every first answer' })
      .max(1)
      .default(0.97)
      .describe('Confidence τ from which auto stops at the first answer.'),
    maxTokens: maxTokens.default(4096).describe('Generated tokens of one rollout at most.'),
    thinkBudget: z
      .int()
      .min(0)
      .max(131_072)
      .optional()
      .describe('Tokens of thinking after which the second answer is asked for (default: no limit but maxTokens).'),
    samples: z
      .strictObject({
        count: z
          .int()
          .min(0)
          .max(1024)
          .default(1)
          .describe('Sampled rollouts of each question beside the greedy one; 0 for none.'),
        temperature: temperature
          .gt(0, { error: 'it must be above 0: the greedy pass is there anyway' })
          .default(1)
          .describe('Their temperature.'),
      })
      .prefault({})
      .describe('The sampled pass, which shows what training changed at the temperature it trained at.'),
  })
  .prefault({})
  .describe('Accuracy, tokens and think ratio on the benchmarks.');

export const sweepSchema = z
  .strictObject({
    holdout: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe('Share of the questions on which the chosen threshold is measured, not chosen.'),
    rule: z
      .enum(['fewest-tokens', 'max-accuracy', 'token-budget'])
      .default('fewest-tokens')
      .describe(
        'How τ is chosen. fewest-tokens: the cheapest threshold within the tolerance of the best accuracy; max-accuracy: the best accuracy; token-budget: the best accuracy that the budget allows.',
      ),
    tolerance: z.number().min(0).max(1).default(0.01).describe('Accuracy that may be given up for fewer tokens.'),
    budget: z
      .number()
      .gt(0)
      .optional()
      .describe('Mean generated tokens of a question that the rule token-budget may spend.'),
    liveCheck: z
      .boolean()
      .default(true)
      .describe(
        'Answer the held-out questions once more with the engine stopping at the chosen threshold, and compare with what the recorded traces say.',
      ),
  })
  .prefault({})
  .describe('The frontier of accuracy against tokens over all thresholds.');

export const reportSchema = z
  .strictObject({
    traces: z.int().min(0).max(100).default(3).describe('Sample traces shown with their frames.'),
  })
  .prefault({})
  .describe('report.md and report.html.');

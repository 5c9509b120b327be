import { describe, expect, it } from 'vitest';
import { compareParity, type TrainerItem } from '../../../orchestrator/training/parity.js';

const trainer: TrainerItem = {
  prompt_token_ids: [1, 7, 7, 2],
  visual_grid: [[2, 2, 4]],
  logprobs: [-0.1, -2.5, -0.01],
};
const engine = { promptTokenIds: [1, 7, 7, 2], visualGrid: [[2, 2, 4]], logprobs: [-0.1, -2.5, -0.01] };
const tolerance = 0.02;

describe('compareParity', () => {
  it('is content with small gaps and reports their size', () => {
    const report = compareParity([trainer], [{ ...engine, logprobs: [-0.11, -2.5, -0.01] }], { tolerance });
    expect(report).toMatchObject({ ok: true, firstDifference: null });
    expect(report.maxGap).toBeCloseTo(0.01);
    expect(report.meanGap).toBeCloseTo(0.01 / 3);
  });

  it('names the token whose log-probs are too far apart', () => {
    const report = compareParity([trainer, trainer], [engine, { ...engine, logprobs: [-0.1, -1.5, -0.01] }], {
      tolerance,
    });
    expect(report.ok).toBe(false);
    expect(report.maxGap).toBeCloseTo(1);
    expect(report.firstDifference).toMatch(
      /^sample 2: completion token 1 has log-prob -2.5000 in the trainer and -1.5000/,
    );
  });

  it('names the first prompt token that differs', () => {
    const report = compareParity([trainer], [{ ...engine, promptTokenIds: [1, 7, 6, 2] }], { tolerance });
    expect(report.firstDifference).toBe('sample 1: prompt token 2 is 7 for the trainer and 6 for the engine');
  });

  it('names prompts of different length', () => {
    const report = compareParity([trainer], [{ ...engine, promptTokenIds: [1, 7, 7] }], { tolerance });
    expect(report.firstDifference).toBe(
      "sample 1: the trainer's prompt has 4 tokens, the engine's 3; they part at token 3",
    );
  });

  it('names media of different size before anything else', () => {
    const report = compareParity([trainer], [{ ...engine, visualGrid: [], promptTokenIds: [] }], { tolerance });
    expect(report.firstDifference).toBe(
      'sample 1: the trainer sees media of 2×2×4 patches (time×height×width), the engine of no',
    );
  });

  it('takes a log-prob that is no number, a missing one or a missing sample for a difference', () => {
    expect(compareParity([{ ...trainer, logprobs: [-0.1, Number.NaN, 0] }], [engine], { tolerance }).ok).toBe(false);
    expect(compareParity([{ ...trainer, logprobs: [-0.1] }], [engine], { tolerance }).ok).toBe(false);
    expect(compareParity([], [engine], { tolerance }).ok).toBe(false);
  });
});

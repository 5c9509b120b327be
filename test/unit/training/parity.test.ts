import { describe, expect, it } from 'vitest';
import type { InspectItem, MediumView } from '../../../orchestrator/rollout/engine.js';
import { compareParity, type TrainerItem } from '../../../orchestrator/training/parity.js';

const video: MediumView = { kind: 'video', seconds: 1, frames: ['a', 'b', 'c', 'd'], times: [1, 3], next: 4 };
const trainer: TrainerItem = {
  prompt_token_ids: [1, 7, 7, 2],
  visual_grid: [[2, 2, 4]],
  media: [video],
  logprobs: [-0.1, -2.5, -0.01],
};
const engine: InspectItem = {
  promptTokenIds: [1, 7, 7, 2],
  visualGrid: [[2, 2, 4]],
  media: [video],
  logprobs: [-0.1, -2.5, -0.01],
  stale: [],
};
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

  it.each<[string, Partial<MediumView>, string]>([
    ['other pixels', { frames: ['a', 'b', 'C', 'd'] }, 'frame 3 of video 1 has other pixels'],
    ['two frames changed over', { frames: ['a', 'c', 'b', 'd'] }, 'frame 2 of video 1 has other pixels'],
    ['missing frames', { frames: ['a', 'b'] }, 'frame 3 of video 1 has other pixels'],
    ['no seconds', { seconds: null }, 'the engine is not told the seconds between the frames of video 1'],
    ['other seconds', { seconds: 0.5 }, 'video 1 has 1 s a temporal patch'],
    ['other moments', { times: [1, 2] }, 'moment 2 of video 1 is at position 3 in the trainer and 2 in the engine'],
    ['another rule', { next: 2 }, 'behind video 1 the text goes on at position 4 in the trainer and 2 in the engine'],
    ['another kind', { kind: 'image' }, 'video 1 is for the engine of kind image'],
  ])('names %s', (_, change, message) => {
    const report = compareParity([trainer], [{ ...engine, media: [{ ...video, ...change }] }], { tolerance });
    expect(report.firstDifference).toContain(`sample 1: ${message}`);
  });

  it('takes frames that the engine keeps too coarsely for equal, and seconds in few digits', () => {
    const coarse = { ...video, frames: [], seconds: 1.0039 };
    expect(compareParity([trainer], [{ ...engine, media: [coarse] }], { tolerance }).ok).toBe(true);
  });

  it('names what the engine kept of older weights', () => {
    const report = compareParity([trainer], [{ ...engine, stale: ['output head'] }], { tolerance });
    expect(report.firstDifference).toBe('sample 1: the engine has old weights in its output head');
  });

  it('takes a log-prob that is no number, a missing one or a missing sample for a difference', () => {
    expect(compareParity([{ ...trainer, logprobs: [-0.1, Number.NaN, 0] }], [engine], { tolerance }).ok).toBe(false);
    expect(compareParity([{ ...trainer, logprobs: [-0.1] }], [engine], { tolerance }).ok).toBe(false);
    expect(compareParity([], [engine], { tolerance }).ok).toBe(false);
  });
});

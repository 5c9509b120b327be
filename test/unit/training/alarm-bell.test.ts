import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../../orchestrator/errors.js';
import type { StageContext } from '../../../orchestrator/pipeline/stage.js';
import { alarmBell } from '../../../orchestrator/training/alarm-bell.js';
import { load, MINIMAL } from '../recipe/fixture.js';
import { storeWithRun } from '../store/rows.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function setUp(alarms: string) {
  const { recipe } = await load(`${MINIMAL}train: {alarms: ${alarms}}\n`);
  const { store, runId } = storeWithRun();
  const warnings: string[] = [];
  const context: Partial<StageContext> = {
    ...{ recipe, store, runId },
    warn: (kind, message) => warnings.push(`${kind}: ${message}`),
  };
  const cut = (step: number) => ({ step, metrics: { truncated: 1 } });
  return { bell: () => alarmBell(context as StageContext), store, runId, warnings, cut };
}

describe('the bell', () => {
  it('warns, at the step, with what to do', async () => {
    const { bell, warnings, cut } = await setUp('warn');
    const { step, signal } = bell();
    for (const number of [1, 2, 3, 4, 5, 6]) step(cut(number));
    expect(warnings).toEqual([
      'truncation: step 5: 100% of the completions are cut at train.maxCompletionTokens; raise train.maxCompletionTokens, or set train.trl {mask_truncated_completions: true}',
    ]);
    expect(signal.aborted).toBe(false);
  });

  it('ends the training when the recipe says so', async () => {
    const { bell, cut } = await setUp('stop');
    const { step, signal } = bell();
    for (const number of [1, 2, 3, 4, 5]) step(cut(number));
    expect(signal.reason).toBeInstanceOf(UserError);
    expect(signal.reason).toMatchObject({
      code: 'truncation',
      fix: expect.stringContaining('the same command goes on from the checkpoint'),
    });
  });

  it('does not ring again for what rang before an interruption', async () => {
    const { bell, store, runId, warnings, cut } = await setUp('warn');
    const { id } = store.startStage(runId, 'train', 'key');
    for (const number of [1, 2, 3, 4, 5, 6]) store.saveStep(id, number, cut(number).metrics);
    const { step } = bell();
    // Step 6 is taken again: the last checkpoint was after step 5.
    step(cut(6));
    step(cut(7));
    expect(warnings).toEqual([]);
  });

  it('tells of a step that does not come, once', async () => {
    const { bell, warnings } = await setUp('warn');
    const { step, close } = bell();
    step({ step: 1, metrics: {} });
    vi.advanceTimersByTime(10_000);
    step({ step: 2, metrics: {} });
    vi.advanceTimersByTime(99_000);
    expect(warnings).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(warnings.map((warning) => warning.split(';')[0])).toEqual([
      expect.stringMatching(/^stall: no step: the last one ended 10\d s ago/),
    ]);
    close();
  });

  it('is silent when off', async () => {
    const { bell, warnings, cut } = await setUp('off');
    const { step } = bell();
    for (const number of [1, 2, 3, 4, 5]) step(cut(number));
    vi.advanceTimersByTime(1_000_000);
    expect(warnings).toEqual([]);
  });
});

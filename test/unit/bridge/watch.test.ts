import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchSilence } from '../../../orchestrator/bridge/watch.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watching(limits: { timeoutMs?: number; silenceMs?: number }) {
  const seen: string[] = [];
  const watch = watchSilence({
    timeoutMs: limits.timeoutMs,
    silenceMs: limits.silenceMs,
    heartbeatMs: 100,
    cancelGraceMs: 50,
    onTimeout: () => seen.push('timeout'),
    onSilence: (_, what) => seen.push(what),
  });
  return { watch, seen };
}

it('wants a heartbeat, and no progress unless asked', () => {
  const { watch, seen } = watching({});
  for (let i = 0; i < 20; i += 1) {
    vi.advanceTimersByTime(90);
    watch.alive(false);
  }
  expect(seen).toEqual([]);
  vi.advanceTimersByTime(101);
  expect(seen).toEqual(['heartbeat']);
});

it('tells a heartbeat from progress', () => {
  const { watch, seen } = watching({ silenceMs: 150 });
  vi.advanceTimersByTime(90);
  watch.alive(true);
  vi.advanceTimersByTime(90);
  watch.alive(false);
  expect(seen).toEqual([]);
  vi.advanceTimersByTime(61);
  expect(seen).toEqual(['progress']);
});

it('does not count while Python waits for an answer, but the whole time does', () => {
  const { watch, seen } = watching({ silenceMs: 150, timeoutMs: 1000 });
  watch.pause();
  vi.advanceTimersByTime(900);
  expect(seen).toEqual([]);
  watch.resume();
  vi.advanceTimersByTime(90);
  watch.alive(true);
  vi.advanceTimersByTime(11);
  expect(seen).toEqual(['timeout']);
});

it('gives a cancelled call its grace and no more', () => {
  const { watch, seen } = watching({ timeoutMs: 30 });
  watch.cancelled(() => seen.push('killed'));
  vi.advanceTimersByTime(49);
  expect(seen).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(seen).toEqual(['killed']);
});

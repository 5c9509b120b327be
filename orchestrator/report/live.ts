import type { LiveCheck } from './data.js';
import { percent, thresholdText } from './numbers.js';

export const LIVE_TITLE = 'The engine stops by itself';

/** Confidences that differ by less are equal but for the order of their sums. */
const EQUAL = 1e-9;

/** The live check in words: what was done, and whether it held. */
export function liveText({ threshold, n, same, modes, wastedTokens, confidenceError, live }: LiveCheck): string {
  const exits = Math.round((1 - live.thinkRatio) * n);
  const how = Object.keys(modes)
    .map((mode) => MODES[mode] ?? mode)
    .join(' and ');
  const others = n - same;
  const differ =
    others === 1 ? '1 answer differs from the recorded one' : `${others} answers differ from the recorded ones`;
  const answers = others === 0 ? 'every answer is the one that the recorded traces give' : differ;
  return (
    `${n} held-out questions answered once more with early exit at τ = ${thresholdText(threshold)}${how === '' ? '' : `, ${how}`}: ${answers}. ` +
    `Tokens generated after a decision to stop: ${wastedTokens} in ${exits} exits. ` +
    `The engine's confidence ${confidenceError < EQUAL ? 'is the recorded one' : `is within ${confidenceError.toExponential(0)} of the recorded one`}.`
  );
}

const MODES: Readonly<Record<string, string>> = {
  engine: 'inside vLLM',
  stream: 'by closing the stream',
  'two-requests': 'by a second request',
};

export const LIVE_COLUMNS = ['', 'accuracy', 'think ratio', 'tokens'] as const;

/** Rows below these columns. */
export function liveRows({ predicted, live }: LiveCheck): string[][] {
  const cells = ({ accuracy, thinkRatio, meanTokens }: LiveCheck['live']) => [
    percent(accuracy),
    thinkRatio.toFixed(2),
    meanTokens.toFixed(1),
  ];
  return [
    ['chosen from recorded traces', ...cells(predicted)],
    ['stopped by the engine', ...cells(live)],
  ];
}

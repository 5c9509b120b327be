/** An interval as it stands on an axis of characters. */
export interface Bar {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A round axis around all bars. */
export interface Axis {
  readonly from: number;
  readonly to: number;
}

/** Ends of an axis that has all bars on it, and `always`. */
export function axisOver(bars: readonly Bar[], always: readonly number[] = []): Axis {
  const values = [...bars.flatMap(({ low, high, value }) => [low, high, value]), ...always];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const step = roundStep((most - least) / 4);
  return { from: Math.floor(least / step) * step, to: Math.ceil(most / step) * step };
}

/** "  ├──●───┤ ": the interval and its value; `mark` is a line through all rows, such as 0. */
export function forestBar(bar: Bar, { from, to }: Axis, width: number, mark?: number): string {
  const at = (value: number) => Math.round(((value - from) / (to - from || 1)) * (width - 1));
  const cells = Array<string>(width).fill(' ');
  if (mark !== undefined) cells[at(mark)] = '┊';
  for (let place = at(bar.low); place <= at(bar.high); place += 1) cells[place] = '─';
  if (at(bar.low) < at(bar.high)) {
    cells[at(bar.low)] = '├';
    cells[at(bar.high)] = '┤';
  }
  cells[at(bar.value)] = '●';
  return cells.join('').trimEnd();
}

/** The ends of the axis in words, over the bars. */
export function forestHead({ from, to }: Axis, width: number, format: (value: number) => string): string {
  const [left, right] = [format(from), format(to)];
  return left + ' '.repeat(Math.max(1, width - left.length - right.length)) + right;
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function roundStep(least: number): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
}

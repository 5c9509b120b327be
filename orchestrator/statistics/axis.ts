/** Round numbers along the side of a figure. */
/** One direction of a figure: its values, the round numbers along it and how they are written. */
export interface Axis {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

export function scaleOf(axis: Pick<Axis, 'min' | 'max'>, from: number, to: number): (value: number) => number {
  const reach = axis.max - axis.min || 1;
  return (value) => from + ((value - axis.min) / reach) * (to - from);
}

export interface AxisOptions {
  readonly min?: number;
  readonly max?: number;
  /** Gaps between round numbers to aim at. */
  readonly steps?: number;
}

/** Round numbers that cover the values. */
export function axisOf(
  label: string,
  values: readonly number[],
  format: (value: number) => string,
  { steps = 4, ...limits }: AxisOptions = {},
): Axis {
  const [low, high] = reachOf(values, limits);
  const step = niceStep((high - low) / steps);
  const min = limits.min ?? Math.floor(low / step + 1e-9) * step;
  const max = limits.max ?? Math.ceil(high / step - 1e-9) * step;
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, place) =>
    Number(((first + place) * step).toPrecision(12)),
  );
  return { label, min, max, ticks, format };
}

/** Ends of the values; values that differ by rounding alone get some room around them. */
function reachOf(values: readonly number[], limits: AxisOptions): [number, number] {
  const known = values.filter(Number.isFinite);
  const low = limits.min ?? known.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = limits.max ?? known.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high), 1e-3)) return [low, high];
  const room = Math.abs(low) < 1e-3 ? 0.5 : Math.abs(low) / 2;
  return [low - room, high + room];
}

/** 1, 2 or 5 times a power of ten, not below `raw`. */
function niceStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= raw * (1 - 1e-9)) ?? 10;
  return factor * power;
}

import { fixed } from './format.js';

const WIDTH = 88;
const HEIGHT = 22;
const PAD = 2.5;

interface SparklineProps {
  readonly values: readonly number[];
  /** What the values are, for those who do not see the line. */
  readonly label: string;
}

/** A line of values in order, as high as its own range, with a dot at the newest; nothing for fewer than two. */
export function Sparkline({ values, label }: SparklineProps) {
  const [first, last] = [values[0], values[values.length - 1]];
  if (first === undefined || last === undefined || values.length < 2) return null;
  const places = placesOf(values);
  const end = places[places.length - 1] ?? [0, 0];
  return (
    <svg
      class="sparkline"
      role="img"
      aria-label={`${label}: ${fixed(first, 2)} at first, ${fixed(last, 2)} at last`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
    >
      <title>{`${label}: ${fixed(first, 2)} → ${fixed(last, 2)}`}</title>
      <polyline
        points={places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}
        fill="none"
        stroke="var(--blue)"
        stroke-width="1.3"
        stroke-linejoin="round"
      />
      <circle cx={end[0]} cy={end[1]} r="2" fill="var(--blue)" />
    </svg>
  );
}

function placesOf(values: readonly number[]): [number, number][] {
  const low = Math.min(...values);
  const range = Math.max(...values) - low;
  return values.map((value, index) => [
    PAD + (index / (values.length - 1)) * (WIDTH - 2 * PAD),
    range === 0 ? HEIGHT / 2 : HEIGHT - PAD - ((value - low) / range) * (HEIGHT - 2 * PAD),
  ]);
}

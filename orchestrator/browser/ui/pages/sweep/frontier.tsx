import { useMemo, useRef } from 'preact/hooks';
import type { FrontierPointView, SweepCurve } from '../../../api/index.js';
import { Axes, axisOf, type Frame, frameOf, linePath, px, useWidth } from '../../shared/axes.js';
import { percent } from '../../shared/format.js';
import { nearest, pointAt, thresholdText } from './points.js';

interface FrontierProps {
  readonly curve: SweepCurve;
  readonly name: string | null;
  /** The run's threshold. */
  readonly chosen: number;
  /** The point under look. */
  readonly here: FrontierPointView;
  readonly onLook: (threshold: number) => void;
}

/** Accuracy against tokens over all thresholds, with a marker to drag along. */
export function Frontier({ curve, name, chosen, here, onLook }: FrontierProps) {
  const [ref, width] = useWidth<HTMLElement>(640);
  const height = Math.round(Math.max(260, Math.min(440, width * 0.56)));
  const layout = useMemo(() => layoutOf(curve, width, height), [curve, width, height]);
  // What does not follow the marker is drawn once.
  const still = useMemo(() => <Still curve={curve} layout={layout} chosen={chosen} />, [curve, layout, chosen]);
  const { frame } = layout;
  const drag = useDrag(layout, curve, onLook);
  const title = `Accuracy against tokens, ${name ?? 'all benchmarks'}`;
  return (
    <figure ref={ref} class="frontier">
      <figcaption>
        <b>{title}</b> <span class="soft small">drag the marker; shaded: 95% interval of the accuracy</span>
      </figcaption>
      <svg class="fig" width={width} height={height} role="img" aria-label={describe(curve, title, here)} {...drag}>
        {still}
        <Marker at={placeOf(here, frame)} frame={frame} />
      </svg>
    </figure>
  );
}

type Layout = ReturnType<typeof layoutOf>;

interface StillProps {
  readonly curve: SweepCurve;
  readonly layout: Layout;
  readonly chosen: number;
}

function Still({ curve, layout: { x, y, frame }, chosen }: StillProps) {
  const there = pointAt(curve.points, chosen);
  return (
    <>
      <Axes frame={frame} x={x} y={y} />
      <path class="band" d={bandPath(curve, frame)} />
      <path class="line" d={linePath(curve.points.map((point) => placeOf(point, frame)))} />
      <End at={placeOf(curve.never, frame)} label="never think" side="start" floor={frame.bottom} />
      <End at={placeOf(curve.always, frame)} label="always think" side="end" floor={frame.bottom} />
      {there && <ChosenMark at={placeOf(there, frame)} label={`chosen τ ${thresholdText(chosen)}`} frame={frame} />}
    </>
  );
}

function placeOf(point: { meanTokens: number; accuracy: number }, frame: Frame): [number, number] {
  return [frame.x(point.meanTokens), frame.y(point.accuracy)];
}

interface EndProps {
  readonly at: readonly [number, number];
  readonly label: string;
  readonly side: 'start' | 'end';
  /** Pixels: where the chart area ends. */
  readonly floor: number;
}

/** The frontier rises to the right: there is room above its right end, and below or, near the floor, beside its left end. */
function End({ at: [x, y], label, side, floor }: EndProps) {
  const [dx, dy] = side === 'end' ? [8, -12] : y > floor - 24 ? [10, 4] : [-4, 20];
  return (
    <g>
      <rect class="end" x={px(x - 4)} y={px(y - 4)} width={8} height={8} />
      <text class="halo" x={px(x + dx)} y={px(y + dy)} text-anchor={side}>
        {label}
      </text>
    </g>
  );
}

function ChosenMark({ at: [x, y], label, frame }: { at: [number, number]; label: string; frame: Frame }) {
  // About the width of the label: at the right edge it ends there.
  const left = Math.min(x + 6, frame.right - 104);
  return (
    <g>
      <circle class="chosen-mark" cx={px(x)} cy={px(y)} r={5} />
      <text class="halo chosen-label" x={px(left)} y={px(y + 38)}>
        {label}
      </text>
      <line class="leader" x1={px(x)} x2={px(x)} y1={px(y + 7)} y2={px(y + 27)} />
    </g>
  );
}

function Marker({ at: [x, y], frame }: { at: [number, number]; frame: Frame }) {
  return (
    <g class="marker">
      <line x1={px(x)} x2={px(x)} y1={frame.top} y2={frame.bottom} />
      <circle class="grip" cx={px(x)} cy={px(y)} r={9} />
      <circle class="core" cx={px(x)} cy={px(y)} r={3} />
    </g>
  );
}

function layoutOf(curve: SweepCurve, width: number, height: number) {
  const ends = [...curve.points, curve.never, curve.always];
  const reaches = curve.bands.flatMap(({ accuracy }) => [accuracy.low, accuracy.high]);
  const x = axisOf(
    'mean tokens of an answer',
    ends.map(({ meanTokens }) => meanTokens),
    (value) => String(value),
    { steps: width < 480 ? 4 : 7 },
  );
  const accuracies = [...ends.map(({ accuracy }) => accuracy), ...reaches];
  const y = axisOf(
    'accuracy',
    accuracies,
    (value) => percent(value, Math.max(...accuracies) - Math.min(...accuracies) < 0.03 ? 1 : 0),
    { steps: 5 },
  );
  return { x, y, frame: frameOf(x, y, { width, height }, { top: 30, right: 16, bottom: 40, left: 46 }) };
}

/** The interval along the frontier: its accuracies above the tokens of the points that they belong to. */
function bandPath({ bands, points }: SweepCurve, frame: Frame): string {
  if (bands.length < 2) return '';
  const edge = (end: 'low' | 'high') =>
    bands.map(
      ({ threshold, accuracy }) =>
        [frame.x(pointAt(points, threshold)?.meanTokens ?? 0), frame.y(accuracy[end])] as const,
    );
  return `${linePath([...edge('high'), ...edge('low').reverse()])}Z`;
}

/** Pointer events: pressing anywhere in the figure takes the nearest point of the curve, moving follows. */
function useDrag({ x, y, frame }: Layout, curve: SweepCurve, onLook: (threshold: number) => void) {
  const held = useRef(false);
  const look = (event: PointerEvent) => {
    const box = (event.currentTarget as SVGSVGElement).getBoundingClientRect();
    const tokens = x.min + ((event.clientX - box.left - frame.left) / (frame.right - frame.left)) * (x.max - x.min);
    const accuracy = y.min + ((frame.bottom - event.clientY + box.top) / (frame.bottom - frame.top)) * (y.max - y.min);
    const point = nearest(curve.points, tokens, accuracy);
    if (point) onLook(point.threshold);
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      held.current = true;
      (event.currentTarget as SVGSVGElement).setPointerCapture(event.pointerId);
      look(event);
    },
    onPointerMove: (event: PointerEvent) => {
      if (held.current) look(event);
    },
    onPointerUp: () => {
      held.current = false;
    },
    onPointerCancel: () => {
      held.current = false;
    },
  };
}

function describe({ never, always }: SweepCurve, title: string, here: FrontierPointView): string {
  const point = (name: string, { accuracy, meanTokens }: { accuracy: number; meanTokens: number }) =>
    `${name}: ${percent(accuracy)} with ${meanTokens.toFixed(1)} tokens`;
  return `${title}. ${point('Never thinking', never)}. ${point('Always thinking', always)}. ${point(`At τ ${thresholdText(here.threshold)}`, here)}.`;
}

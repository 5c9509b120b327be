import { useMemo } from 'preact/hooks';
import type { SweepAnswer, SweepCurve } from '../../../api/index.js';
import { axisOf, linePath, px, scaleOf, useWidth } from '../../shared/axes.js';
import { percent } from '../../shared/format.js';
import { pointAt } from './points.js';

interface MultiplesProps {
  readonly answer: SweepAnswer;
  readonly selected: string | null;
  readonly threshold: number;
  readonly chosen: number;
  readonly onSelect: (benchmark: string | null) => void;
}

/** The frontier of each benchmark with the same threshold marked; all share one scale of accuracy. */
export function Multiples({ answer, selected, threshold, chosen, onSelect }: MultiplesProps) {
  const curves = Object.entries(answer.benchmarks);
  const y = useMemo(() => sharedAxis(answer), [answer]);
  return (
    <section aria-labelledby="multiples-title">
      <h2 id="multiples-title">The same τ on each benchmark</h2>
      <div class="multiples">
        {curves.map(([name, curve]) => (
          <button
            key={name}
            type="button"
            class="multiple"
            aria-pressed={name === selected}
            onClick={() => onSelect(name === selected ? null : name)}
          >
            <Small name={name} curve={curve} y={y} threshold={threshold} chosen={chosen} />
          </button>
        ))}
      </div>
      <p class="soft small">Filled: the τ under look. Ring: the chosen τ. One scale of accuracy, tokens from 0.</p>
    </section>
  );
}

function sharedAxis({ benchmarks }: SweepAnswer) {
  const accuracies = Object.values(benchmarks).flatMap(({ points, never, always }) =>
    [...points, never, always].map(({ accuracy }) => accuracy),
  );
  return axisOf('', accuracies, (value) => percent(value, 0), { steps: 6 });
}

const HEIGHT = 96;
const PAD = 8;

interface SmallProps {
  readonly name: string;
  readonly curve: SweepCurve;
  readonly y: { readonly min: number; readonly max: number };
  readonly threshold: number;
  readonly chosen: number;
}

/** Where a point lies in a small figure. */
function placer({ always, points }: SweepCurve, y: SmallProps['y'], width: number) {
  const most = points.reduce((largest, { meanTokens }) => Math.max(largest, meanTokens), always.meanTokens);
  const [right, up] = [scaleOf({ min: 0, max: most }, PAD, width - PAD), scaleOf(y, HEIGHT - PAD, PAD)];
  return (point: { meanTokens: number; accuracy: number }) => [right(point.meanTokens), up(point.accuracy)] as const;
}

function Small({ name, curve, y, threshold, chosen }: SmallProps) {
  const [ref, width] = useWidth<HTMLSpanElement>(200);
  const at = useMemo(() => placer(curve, y, width), [curve, y, width]);
  const line = useMemo(() => linePath(curve.points.map(at)), [curve, at]);
  const [here, there] = [pointAt(curve.points, threshold), pointAt(curve.points, chosen)];
  return (
    <>
      <b>{name}</b>
      <span class="plot" ref={ref}>
        <svg class="fig" width={width} height={HEIGHT} aria-hidden="true">
          <line class="grid" x1={0} x2={width} y1={HEIGHT - 1} y2={HEIGHT - 1} />
          <path class="line" d={line} />
          {there && <circle class="chosen-mark" cx={px(at(there)[0])} cy={px(at(there)[1])} r={5} />}
          {here && <circle class="here-mark" cx={px(at(here)[0])} cy={px(at(here)[1])} r={4} />}
        </svg>
      </span>
      {here && (
        <span class="small">
          {percent(here.accuracy)} right, {here.meanTokens.toFixed(1)} tokens, {percent(here.thinkRatio, 0)} think
        </span>
      )}
      <span class="small soft">
        never {percent(curve.never.accuracy)}, always {percent(curve.always.accuracy)}, n {curve.n}
      </span>
    </>
  );
}

import type { SweepCurve } from '../../../api/index.js';
import { Axes, axisOf, frameOf, linePath, px, useWidth } from '../../shared/axes.js';
import { count, fixed, NONE, percent } from '../../shared/format.js';

type CalibrationView = SweepCurve['calibration'];

/** Reliability diagram: on the diagonal confidence means what it says. */
export function Calibration({ calibration }: { readonly calibration: CalibrationView }) {
  const { bins, ece, auroc, scaling } = calibration;
  return (
    <section aria-labelledby="calibration-title">
      <h2 id="calibration-title">Is the confidence worth trusting?</h2>
      <p>
        Calibration error (ECE) <b>{fixed(ece, 3)}</b>; AUROC{' '}
        <b>{auroc === null ? `${NONE} (all right or all wrong)` : fixed(auroc, 3)}</b>.
      </p>
      <Diagram calibration={calibration} />
      <p class="soft small">{scaling ? scalingText(scaling) : 'Temperature scaling: too few answers to fit it.'}</p>
      <details>
        <summary>The numbers of the bins</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Confidence</th>
              <th scope="col" class="num">
                Answers
              </th>
              <th scope="col" class="num">
                Mean confidence
              </th>
              <th scope="col" class="num">
                Right
              </th>
            </tr>
          </thead>
          <tbody>
            {bins.map((bin) => (
              <tr key={bin.low}>
                <td>
                  {fixed(bin.low)} to {fixed(bin.high)}
                </td>
                <td class="num">{count(bin.n)}</td>
                <td class="num">{fixed(bin.confidence, 3)}</td>
                <td class="num">{percent(bin.accuracy)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

/** Height of the strip of bin counts, in pixels. */
const STRIP = 44;

function Diagram({ calibration: { bins, ece } }: { readonly calibration: CalibrationView }) {
  const [ref, full] = useWidth<HTMLElement>(400);
  const width = Math.min(full, 460);
  const height = Math.round(Math.min(320, width * 0.72)) + STRIP;
  const x = axisOf('confidence of the first answer', [], (value) => value.toFixed(1), { min: 0, max: 1, steps: 5 });
  const y = axisOf('right', [], (value) => percent(value, 0), { min: 0, max: 1 });
  const frame = frameOf(x, y, { width, height }, { top: 26 + STRIP, right: 14, bottom: 40, left: 46 });
  const most = Math.max(1, ...bins.map(({ n }) => n));
  const label = `Reliability diagram, calibration error ${ece.toFixed(3)}. ${bins.map((bin) => `confidence ${bin.confidence.toFixed(2)}: ${percent(bin.accuracy, 0)} of ${bin.n} right`).join('; ')}.`;
  return (
    <figure ref={ref} class="calibration">
      <svg class="fig" width={width} height={height} role="img" aria-label={label}>
        <Axes frame={frame} x={x} y={y} />
        {bins.map((bin) => {
          const tall = (bin.n / most) * (STRIP - 14);
          const [left, right] = [frame.x(bin.low), frame.x(bin.high)];
          return (
            <g key={bin.low}>
              <rect
                class="count"
                x={px(left + 1)}
                width={px(right - left - 2)}
                y={px(STRIP - tall)}
                height={px(tall)}
              />
              <text class="count-label" x={px((left + right) / 2)} y={px(STRIP - tall - 4)} text-anchor="middle">
                {bin.n}
              </text>
            </g>
          );
        })}
        <path
          class="dashed"
          d={linePath([
            [frame.x(0), frame.y(0)],
            [frame.x(1), frame.y(1)],
          ])}
        />
        {bins.map((bin) => (
          <circle
            key={bin.low}
            class="dot halo"
            cx={px(frame.x(bin.confidence))}
            cy={px(frame.y(bin.accuracy))}
            r={px(3 + 6 * Math.sqrt(bin.n / most))}
          />
        ))}
      </svg>
      <figcaption class="soft small">Above: answers in each bin. Dashed: perfectly calibrated.</figcaption>
    </figure>
  );
}

function scalingText({
  temperature,
  eceBefore,
  eceAfter,
  n,
  heldOut,
}: NonNullable<CalibrationView['scaling']>): string {
  const where = heldOut ? `on ${count(n)} held-out answers` : `on the ${count(n)} answers it was fitted on`;
  return `One temperature for all confidences (T = ${temperature.toFixed(2)}; above 1 they are too sure) would change the calibration error from ${eceBefore.toFixed(3)} to ${eceAfter.toFixed(3)}, ${where}. It changes no order, so the frontier stays.`;
}

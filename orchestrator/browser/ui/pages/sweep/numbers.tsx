import type { FrontierPointView, SweepCurve } from '../../../api/index.js';
import { fixed, NONE, percent, points, signed } from '../../shared/format.js';
import type { Recomputed } from './look.js';
import { intervalAt, thresholdText } from './points.js';

interface NumbersProps {
  readonly curve: SweepCurve;
  readonly here: FrontierPointView;
  /** The curve at the run's threshold. */
  readonly chosen: FrontierPointView;
  readonly threshold: number;
  readonly recomputed: Recomputed;
}

/** What the threshold under look does, and how that differs from the chosen one and from thinking always. */
export function Numbers({ curve, here, chosen, threshold, recomputed }: NumbersProps) {
  const { always } = curve;
  const saved = (point: { meanTokens: number }) => always.meanTokens - point.meanTokens;
  const interval = intervalAt(curve, here.threshold);
  const seconds = recomputed.at?.seconds ?? null;
  return (
    <section class="panel numbers" aria-labelledby="numbers-title">
      <h2 id="numbers-title">
        At τ = <output>{thresholdText(threshold)}</output>
      </h2>
      <p class="big">
        <b>{percent(here.accuracy)}</b> right, <b>{fixed(here.meanTokens)}</b> tokens
      </p>
      <p class="soft small">
        {interval
          ? `95% interval of the accuracy${interval.exact ? '' : ' (at a point close by)'}: ${percent(interval.low)} to ${percent(interval.high)}`
          : 'No interval.'}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Measure</th>
            <th scope="col" class="num">
              here
            </th>
            <th scope="col" class="num">
              vs chosen
            </th>
            <th scope="col" class="num">
              vs always
            </th>
          </tr>
        </thead>
        <tbody>
          <Line
            name="accuracy"
            here={percent(here.accuracy)}
            chosen={points(here.accuracy - chosen.accuracy)}
            always={points(here.accuracy - always.accuracy)}
          />
          <Line
            name="think ratio"
            here={percent(here.thinkRatio)}
            chosen={points(here.thinkRatio - chosen.thinkRatio)}
            always={points(here.thinkRatio - 1)}
          />
          <Line
            name="mean tokens"
            here={fixed(here.meanTokens)}
            chosen={signed(here.meanTokens - chosen.meanTokens)}
            always={signed(here.meanTokens - always.meanTokens)}
          />
          <Line
            name="tokens saved"
            title="Of the tokens of thinking always"
            here={always.meanTokens > 0 ? percent(saved(here) / always.meanTokens) : NONE}
            chosen={always.meanTokens > 0 ? points((saved(here) - saved(chosen)) / always.meanTokens) : NONE}
            always={NONE}
          />
          <Line
            name="exit accuracy"
            title="Of the first answers that are taken, the share that is right"
            here={percent(here.exitAccuracy)}
            chosen={pointsBetween(here.exitAccuracy, chosen.exitAccuracy)}
            always={NONE}
          />
          <Line
            name="think recall"
            title="Of the questions that only thinking gets right, the share that thinks"
            here={percent(here.thinkRecall)}
            chosen={pointsBetween(here.thinkRecall, chosen.thinkRecall)}
            always={pointsBetween(here.thinkRecall, here.thinkRecall === null ? null : 1)}
          />
          <tr class={recomputed.fresh ? '' : 'stale'}>
            <th scope="row">engine time</th>
            <td class="num">{secondsText(seconds)}</td>
            <td class="note soft" colSpan={2}>
              a question; estimate: this run's evaluation throughput
            </td>
          </tr>
        </tbody>
      </table>
      <p class="soft small">
        Differences in points of percent, and in tokens; of the same questions.
        {recomputed.failed !== null && <span class="wrong"> Not recomputed: {recomputed.failed}</span>}
      </p>
    </section>
  );
}

interface LineProps {
  readonly name: string;
  readonly title?: string;
  readonly here: string;
  readonly chosen: string;
  readonly always: string;
}

function Line({ name, title, here, chosen, always }: LineProps) {
  return (
    <tr>
      <th scope="row">{title ? <abbr title={title}>{name}</abbr> : name}</th>
      <td class="num">{here}</td>
      <td class="num soft">{chosen}</td>
      <td class="num soft">{always}</td>
    </tr>
  );
}

function pointsBetween(a: number | null, b: number | null): string {
  return a === null || b === null ? NONE : points(a - b);
}

function secondsText(seconds: number | null): string {
  if (seconds === null) return NONE;
  return seconds < 1 ? `${(1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0)} ms` : `${seconds.toFixed(2)} s`;
}

import type { LivePoint, SweepAnswer, SweepCurve } from '../../../api/index.js';
import { count, fixed, percent, points } from '../../shared/format.js';
import { thresholdText } from './points.js';

const RULES: Readonly<Record<string, string>> = {
  'fewest-tokens': 'the cheapest threshold whose accuracy is within the tolerance of the best',
  'max-accuracy': 'the best accuracy, the cheapest of those that have it',
  'token-budget': 'the best accuracy that the budget of tokens allows',
};

interface ChosenProps {
  readonly answer: SweepAnswer;
  readonly curve: SweepCurve;
  readonly name: string | null;
}

/** How the threshold was chosen, what it does on questions it was not chosen on, and what the engine made of it. */
export function Chosen({ answer, curve, name }: ChosenProps) {
  const { chosen } = answer.pooled;
  const { versusAlways } = chosen;
  return (
    <section class="panel" aria-labelledby="chosen-title">
      <h2 id="chosen-title">Chosen τ = {thresholdText(chosen.threshold)}</h2>
      <p>
        Rule <code>{chosen.rule}</code>
        {RULES[chosen.rule] ? `: ${RULES[chosen.rule]}.` : '.'}
      </p>
      <dl class="facts">
        <dt>accuracy</dt>
        <dd>
          {percent(chosen.accuracy)}
          <span class="ci">
            {percent(chosen.ci[0])} to {percent(chosen.ci[1])}
          </span>
        </dd>
        <dt>against always thinking</dt>
        <dd>
          {points(versusAlways.difference)} points
          <span class="ci">
            {points(versusAlways.ci[0])} to {points(versusAlways.ci[1])}
          </span>
        </dd>
        <dt>think ratio, tokens</dt>
        <dd>
          {percent(chosen.thinkRatio)}, {fixed(chosen.meanTokens)}
        </dd>
      </dl>
      <p class="soft small">
        {chosen.heldOut
          ? `Chosen on one part of the questions; these numbers are of the other ${count(chosen.n)}, of all benchmarks.`
          : `Not held out: these numbers are of the ${count(chosen.n)} questions it was chosen on.`}{' '}
        Intervals of 95%, drawn over videos.
      </p>
      {name !== null && (
        <p class="small">
          Chosen from {name} alone it would be τ = {thresholdText(curve.chosen.threshold)}:{' '}
          {percent(curve.chosen.accuracy)}{' '}
          <span class="ci">
            {percent(curve.chosen.ci[0])} to {percent(curve.chosen.ci[1])}
          </span>{' '}
          with {fixed(curve.chosen.meanTokens)} tokens{curve.chosen.heldOut ? ', held out' : ', not held out'}.
        </p>
      )}
      <LiveCheck live={answer.live} />
    </section>
  );
}

function LiveCheck({ live }: { readonly live: SweepAnswer['live'] }) {
  if (live === null)
    return (
      <>
        <h3>Live check</h3>
        <p class="soft">Not run: the engine itself has not stopped at this threshold in this run.</p>
      </>
    );
  return (
    <>
      <h3>Live check</h3>
      <p>
        The engine itself stopped at τ = {thresholdText(live.threshold)} on {count(live.n)} questions:{' '}
        <b>
          {count(live.same)} of {count(live.n)}
        </b>{' '}
        gave the same answer as predicted.
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Measure</th>
            <th scope="col" class="num">
              predicted
            </th>
            <th scope="col" class="num">
              live
            </th>
          </tr>
        </thead>
        <tbody>
          {MEASURES.map(([measure, text]) => (
            <tr key={measure}>
              <th scope="row">{measure}</th>
              <td class="num">{text(live.predicted)}</td>
              <td class="num">{text(live.live)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="soft small">
        {count(live.wastedTokens)} tokens made after a decision to stop; largest error of the engine's confidence{' '}
        {live.confidenceError === 0 ? '0' : live.confidenceError.toExponential(1)}.
      </p>
    </>
  );
}

const MEASURES: readonly (readonly [string, (point: LivePoint) => string])[] = [
  ['accuracy', (point) => percent(point.accuracy)],
  ['mean tokens', (point) => fixed(point.meanTokens)],
  ['think ratio', (point) => percent(point.thinkRatio)],
];

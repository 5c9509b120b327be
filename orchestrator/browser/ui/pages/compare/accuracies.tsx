import type { CompareAnswer } from '../../../api/index.js';
import { fixed, NONE, percent } from '../../shared/format.js';
import { thresholdText } from './side.js';

/** Each run by itself. */
export function Accuracies({ answer: { runs, benchmarks, policy } }: { readonly answer: CompareAnswer }) {
  return (
    <section aria-labelledby="accuracies-title">
      <h2 id="accuracies-title">Accuracy and tokens</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Accuracy and tokens of each run">
        <table class="accuracies">
          <caption class="hidden">Accuracy with its 95% interval and mean tokens, by benchmark and run</caption>
          <thead>
            <tr>
              <th scope="col">Benchmark</th>
              {runs.map((run, place) => (
                <th key={run.name} scope="col">
                  {run.name}
                  <span class="under">
                    {place === 0 ? 'baseline' : 'against it'}
                    {policy === 'auto' && `, τ ${thresholdText(run.threshold)}`}
                  </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {benchmarks.map(({ benchmark, values }) => (
              <tr key={benchmark} class={benchmark === 'overall' ? 'overall' : ''}>
                <th scope="row">{benchmark}</th>
                {runs.map(({ name }, place) => {
                  const value = values[place];
                  return (
                    <td key={name}>
                      {value ? (
                        <>
                          {percent(value.accuracy.value)}
                          <span class="ci">
                            {percent(value.accuracy.low)} to {percent(value.accuracy.high)}
                          </span>
                          <span class="under soft">
                            {fixed(value.tokens)} tokens, n {value.accuracy.n}
                          </span>
                        </>
                      ) : (
                        NONE
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

import type { CompareAnswer, PairedDifference } from '../../../api/index.js';
import { count, NONE, points, signed } from '../../shared/format.js';
import { Forest } from './forest.js';
import { accuracyWord, intervalText, pText, signOf, tokensWord } from './words.js';

/** One difference of a run to the baseline on a benchmark. */
export interface DifferenceRow {
  readonly benchmark: string;
  readonly difference: PairedDifference | null;
}

/** Each run against the first, on the questions that both answered. */
export function Differences({ answer: { runs, benchmarks } }: { readonly answer: CompareAnswer }) {
  const [baseline, ...others] = runs;
  if (!baseline) return null;
  const tables = others.map((run, place) => ({
    run,
    rows: benchmarks.map(({ benchmark, differences }) => ({ benchmark, difference: differences[place] ?? null })),
  }));
  const reach = reachOf(tables.flatMap(({ rows }) => rows));
  return (
    <>
      {tables.map(({ run, rows }, place) => (
        <section key={run.name} aria-labelledby={`against-${place}`}>
          <h2 id={`against-${place}`}>
            {run.name} against {baseline.name}
          </h2>
          <p class="summary">{summaryOf(run.name, rows)}</p>
          <div class="against">
            <Forest rows={rows} reach={reach} title={`Accuracy of ${run.name} against ${baseline.name}`} />
            <Table rows={rows} title={`Differences of ${run.name}`} />
          </div>
        </section>
      ))}
      <p class="soft small">
        Paired: only questions that both runs answered. Intervals of 95%, drawn over videos, because questions about one
        video are not independent. p: exact two-sided McNemar test, which takes questions as independent.
      </p>
    </>
  );
}

/** Ends of all intervals, so that the figures of several runs share a scale. */
function reachOf(rows: readonly DifferenceRow[]): number[] {
  return rows.flatMap(({ difference }) => {
    if (!difference) return [];
    const { value, low, high } = difference.accuracy;
    return [value, low, high].flatMap((each) => (each === null ? [] : [100 * each]));
  });
}

/** What the intervals allow to be said, in one sentence. */
function summaryOf(name: string, rows: readonly DifferenceRow[]): string {
  const of = (sign: string) =>
    rows.filter(({ difference }) => difference && signOf(difference.accuracy) === sign).map((row) => row.benchmark);
  const parts = [
    ['higher on', of('up')],
    ['lower on', of('down')],
    ['no difference shown on', of('none')],
  ] as const;
  const said = parts.filter(([, names]) => names.length > 0).map(([word, names]) => `${word} ${names.join(', ')}`);
  return said.length === 0 ? 'Nothing can be paired.' : `Accuracy of ${name}: ${said.join('; ')}.`;
}

function Table({ rows, title }: { readonly rows: readonly DifferenceRow[]; readonly title: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
    <section class="scroll" tabIndex={0} aria-label={title}>
      <table>
        <thead>
          <tr>
            <th scope="col">Benchmark</th>
            <th scope="col">Accuracy, points</th>
            <th scope="col">Tokens</th>
            <th scope="col" class="num">
              Fixed
            </th>
            <th scope="col" class="num">
              Broken
            </th>
            <th scope="col" class="num">
              Same
            </th>
            <th scope="col" class="num">
              p
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ benchmark, difference }) => (
            <tr key={benchmark} class={benchmark === 'overall' ? 'overall' : ''}>
              <th scope="row">
                {benchmark}
                {difference && <Paired difference={difference} />}
              </th>
              {difference ? <Cells difference={difference} /> : <td colSpan={6}>{NONE} no question in both</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Paired({ difference: { n, unpaired } }: { readonly difference: PairedDifference }) {
  return (
    <span class="under soft">
      n {count(n)}
      {unpaired > 0 && `, ${count(unpaired)} unpaired`}
    </span>
  );
}

function Cells({ difference }: { readonly difference: PairedDifference }) {
  const { accuracy, tokens, fixed, broken, sameRight, sameWrong, pValue } = difference;
  return (
    <>
      <td class="nowrap">
        {points(accuracy.value)}
        <span class="ci">{intervalText(accuracy, 100)}</span>
        <span class={`under ${WAY[signOf(accuracy)]}`}>{accuracyWord(accuracy)}</span>
      </td>
      <td class="nowrap">
        {tokens.value === null ? NONE : signed(tokens.value)}
        <span class="ci">{intervalText(tokens, 1)}</span>
        <span class="under soft">{tokensWord(tokens)}</span>
      </td>
      <td class="num right">{count(fixed)}</td>
      <td class="num wrong">{count(broken)}</td>
      <td class="num" title={`${sameRight} right in both, ${sameWrong} wrong in both`}>
        {count(sameRight + sameWrong)}
        <span class="under soft">
          {count(sameRight)} ✓ {count(sameWrong)} ✗
        </span>
      </td>
      <td class="num">{pText(pValue)}</td>
    </>
  );
}

const WAY = { up: 'up', down: 'down', none: 'soft', unknown: 'soft' } as const;

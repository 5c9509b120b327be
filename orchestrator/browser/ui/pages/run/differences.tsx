import type { RunDetail } from '../../../api/index.js';
import { Difference } from './interval.js';
import { Scroll } from './scroll.js';

type Row = RunDetail['differences'][number];

const TITLES: Readonly<Record<string, (policy: string) => string>> = {
  gain: (policy) => `${policy}: after − before`,
  'versus-never': (policy) => `${policy} − never`,
  'versus-always': (policy) => `${policy} − always`,
  'token-saving': (policy) => `tokens that ${policy} saves, %`,
};

const ORDER = Object.keys(TITLES);

/** Differences of the same questions, answered in two ways: what training, thinking and early exit bring. */
export function Differences({ rows }: { rows: readonly Row[] }) {
  const after = rows.filter(({ stage }) => stage === 'evaluate');
  const before = rows.filter(({ stage }) => stage === 'evaluate-before');
  if (rows.length === 0) return null;
  return (
    <section>
      <h2>Paired differences</h2>
      <p class="soft small">
        Points of accuracy with 95% intervals over the questions that both sides answered. Only those whose interval
        leaves out 0 have a colour.
      </p>
      {after.length > 0 && <Table rows={after} title={before.length > 0 ? 'After training' : 'Differences'} />}
      {before.length > 0 &&
        (after.length > 0 ? (
          <details>
            <summary>Before training</summary>
            <Table rows={before} title="Before training" />
          </details>
        ) : (
          <Table rows={before} title="Before training" />
        ))}
    </section>
  );
}

/** One line a benchmark, one column for each comparison. */
function Table({ rows, title }: { rows: readonly Row[]; title: string }) {
  const columns = [...new Map(rows.map((row) => [columnOf(row), row])).entries()].sort(
    ([, one], [, other]) => ORDER.indexOf(one.name) - ORDER.indexOf(other.name),
  );
  const benchmarks = [...new Set(rows.map(({ benchmark }) => benchmark))];
  return (
    <Scroll label={title}>
      <table>
        <caption class="hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">Benchmark</th>
            {columns.map(([column, { name, policy }]) => (
              <th key={column} scope="col" class="num">
                {TITLES[name]?.(policy) ?? column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {benchmarks.map((benchmark) => (
            <tr key={benchmark} class={benchmark === 'overall' ? 'overall' : undefined}>
              <th scope="row">{benchmark}</th>
              {columns.map(([column]) => {
                const row = rows.find((each) => each.benchmark === benchmark && columnOf(each) === column);
                return (
                  <td key={column} class="num">
                    {row && <Difference value={row.value} low={row.low} high={row.high} n={row.n} />}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function columnOf({ name, policy }: Row): string {
  return `${name} ${policy}`;
}

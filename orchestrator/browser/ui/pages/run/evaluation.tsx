import type { EvaluationRow } from '../../../api/index.js';
import { fixed, percent } from '../../shared/format.js';
import { Share } from './interval.js';
import { Scroll } from './scroll.js';

const BEFORE = 'evaluate-before';
const AFTER = 'evaluate';

/** A policy on a benchmark, before and after training. */
interface Pair {
  readonly policy: string;
  readonly before: EvaluationRow | undefined;
  readonly after: EvaluationRow | undefined;
}

/** Accuracy and cost of each policy; which of two is better is for the paired differences to say. */
export function Evaluation({ rows }: { rows: readonly EvaluationRow[] }) {
  if (rows.length === 0) return null;
  const stages = [BEFORE, AFTER].filter((stage) => rows.some((row) => row.stage === stage));
  return (
    <section>
      <h2>Evaluation</h2>
      <Scroll label="Evaluation">
        <table class="evaluation">
          <caption class="hidden">Accuracy with 95% intervals, tokens and think ratio by benchmark and policy</caption>
          <Head stages={stages} />
          {[...new Set(rows.map(({ benchmark }) => benchmark))].map((benchmark) => (
            <Benchmark key={benchmark} name={benchmark} pairs={pairsOf(rows, benchmark)} stages={stages} />
          ))}
        </table>
      </Scroll>
    </section>
  );
}

const MEASURES = ['Accuracy [95%]', 'Tokens', 'Think ratio'] as const;

function Head({ stages }: { stages: readonly string[] }) {
  const both = stages.length > 1;
  const title = (stage: string) => (both ? (stage === BEFORE ? 'before' : 'after') : '');
  return (
    <thead>
      <tr>
        <th scope="col" rowSpan={2}>
          Benchmark
        </th>
        <th scope="col" rowSpan={2}>
          Policy
        </th>
        {MEASURES.map((measure) => (
          <th key={measure} scope="colgroup" colSpan={stages.length} class="num over">
            {measure}
          </th>
        ))}
      </tr>
      <tr>
        {MEASURES.flatMap((measure) =>
          stages.map((stage) => (
            <th key={`${measure} ${stage}`} scope="col" class="num">
              {title(stage)}
            </th>
          )),
        )}
      </tr>
    </thead>
  );
}

interface BenchmarkProps {
  readonly name: string;
  readonly pairs: readonly Pair[];
  readonly stages: readonly string[];
}

function Benchmark({ name, pairs, stages }: BenchmarkProps) {
  const n = pairs[0]?.after?.accuracy.n ?? pairs[0]?.before?.accuracy.n;
  return (
    <tbody class={name === 'overall' ? 'overall' : undefined}>
      {pairs.map((pair, index) => {
        const shown = stages.map((stage) => (stage === BEFORE ? pair.before : pair.after));
        return (
          <tr key={pair.policy}>
            {index === 0 && (
              <th scope="rowgroup" rowSpan={pairs.length}>
                {name}
                {n !== undefined && <span class="soft small">n = {n}</span>}
              </th>
            )}
            <td>{pair.policy}</td>
            <Cells shown={shown} stages={stages} read={(row) => <Share of={row?.accuracy} />} />
            <Cells shown={shown} stages={stages} read={(row) => fixed(row?.tokens)} />
            <Cells shown={shown} stages={stages} read={(row) => percent(row?.thinkRatio)} />
          </tr>
        );
      })}
    </tbody>
  );
}

interface CellsProps {
  readonly shown: readonly (EvaluationRow | undefined)[];
  readonly stages: readonly string[];
  readonly read: (row: EvaluationRow | undefined) => preact.ComponentChildren;
}

function Cells({ shown, stages, read }: CellsProps) {
  return (
    <>
      {stages.map((stage, index) => (
        <td key={stage} class="num">
          {read(shown[index])}
        </td>
      ))}
    </>
  );
}

function pairsOf(rows: readonly EvaluationRow[], benchmark: string): Pair[] {
  const own = rows.filter((row) => row.benchmark === benchmark);
  return [...new Set(own.map(({ policy }) => policy))].map((policy) => {
    const find = (stage: string) => own.find((row) => row.policy === policy && row.stage === stage);
    return { policy, before: find(BEFORE), after: find(AFTER) };
  });
}

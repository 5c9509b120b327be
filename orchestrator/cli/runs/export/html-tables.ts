import type { Estimate, EvaluationRow, RunDetail } from '../../../browser/api/index.js';
import { type Markup, markup } from '../../../report/markup.js';
import { fixed, interval, percent, signedPoints } from '../../../report/numbers.js';

/** Accuracy with its interval before and after training, and what an answer costs; one line a benchmark and policy. */
export function evaluationTable({ evaluation }: RunDetail): Markup {
  const trained = evaluation.some(({ stage }) => stage === 'evaluate');
  const before = evaluation.some(({ stage }) => stage === 'evaluate-before');
  const pairs = new Map(evaluation.map((row) => [JSON.stringify([row.benchmark, row.policy]), row]));
  const rows = [...pairs.values()].map(({ benchmark, policy }) => {
    const of = (stage: string) =>
      evaluation.find((row) => row.stage === stage && row.benchmark === benchmark && row.policy === policy);
    const now = of('evaluate') ?? of('evaluate-before');
    return markup`<tr class="${policy}"><td>${benchmark}</td><td class="text">${policy}</td>${before && cell(of('evaluate-before'))}${trained && cell(of('evaluate'))}<td>${fixed(now?.tokens ?? null, 1)}</td><td>${fixed(now?.thinkRatio ?? null, 2)}</td><td>${now?.accuracy.n}</td></tr>`;
  });
  if (rows.length === 0) return markup``;
  const heads = markup`<th>benchmark</th><th class="text">policy</th>${before && markup`<th>before training</th>`}${trained && markup`<th>after training</th>`}<th>tokens</th><th>think ratio</th><th>n</th>`;
  return section('Accuracy', 'With 95% intervals, drawn over videos.', heads, rows);
}

function cell(row: EvaluationRow | undefined): Markup {
  return row === undefined ? markup`<td>–</td>` : markup`<td>${estimate(row.accuracy, percent)}</td>`;
}

const DIFFERENCES: Readonly<Record<string, string>> = {
  gain: 'gain by training, points',
  'versus-never': 'thinking adds to accuracy, points',
  'versus-always': 'early exit adds to accuracy, points',
  'token-saving': 'early exit saves tokens, %',
};

const ORDER = Object.keys(DIFFERENCES);

/** Paired differences of the last evaluation. */
export function differenceTable({ differences }: RunDetail): Markup {
  const last = differences.some(({ stage }) => stage === 'evaluate') ? 'evaluate' : 'evaluate-before';
  const rows = differences
    .filter(({ stage }) => stage === last)
    .sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name))
    .map(({ name, benchmark, policy, value, low = null, high = null, n }) => {
      const number = estimate({ value, low, high, n }, (points) => (points === null ? '–' : signedPoints(points)));
      return markup`<tr><td>${DIFFERENCES[name] ?? name}</td><td class="text">${benchmark}</td><td class="text">${policy}</td><td>${number}</td><td>${n}</td></tr>`;
    });
  if (rows.length === 0) return markup``;
  const heads = markup`<th>difference</th><th class="text">benchmark</th><th class="text">policy</th><th>with 95% interval</th><th>n</th>`;
  return section('Differences', 'Paired by question.', heads, rows);
}

/** What the filter did with the prompts, by source and problem type. */
export function filterTable({ filter }: RunDetail): Markup {
  if (filter === null) return markup``;
  const { prompts, keep, drop, unknown, saved } = filter;
  const spared = saved.rollouts === 0 ? '' : ` ${saved.rollouts} rollouts were not needed.`;
  const rows = filter.groups.map(
    (group) =>
      markup`<tr><td>${group.source}</td><td class="text">${group.problemType}</td><td>${group.prompts}</td><td>${group.keep}</td><td>${group.easy}</td><td>${group.hard}</td><td>${group.unknown}</td></tr>`,
  );
  const heads = markup`<th>source</th><th class="text">type</th><th>prompts</th><th>kept</th><th>too easy</th><th>too hard</th><th>unknown</th>`;
  const text = `Of ${prompts} prompts ${keep} were kept, ${drop} dropped, ${unknown} could not be decided.${spared}`;
  return section('Filter', text, heads, rows);
}

function section(title: string, note: string, heads: Markup, rows: readonly Markup[]): Markup {
  return markup`<section><h2>${title}</h2><p class="note">${note}</p><div class="scroll" tabindex="0" role="group" aria-label="${title}"><table><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function estimate(value: Estimate, format: (value: number | null) => string): Markup {
  return markup`${format(value.value)} <span class="ci">${interval(value)}</span>`;
}

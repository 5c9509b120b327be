import type { Facet, Facets, TraceOrder } from '../../../api/index.js';
import { count, setName } from '../../shared/format.js';
import type { TraceQuery } from '../../shared/trace-query.js';

export interface Choice {
  readonly value: string;
  readonly label: string;
}
export interface Select {
  readonly name: keyof TraceQuery;
  readonly label: string;
  readonly choices: readonly Choice[];
}

const OUTCOME_WORDS: readonly Choice[] = [
  { value: 'right', label: '✓ right' },
  { value: 'wrong', label: '✗ wrong' },
  { value: 'none', label: '– no such answer' },
  { value: 'unknown', label: '? not graded' },
];

export const ORDER_WORDS: Readonly<Record<TraceOrder, string>> = {
  id: 'time',
  prompt: 'prompt',
  confidence: 'confidence',
  reward: 'reward',
  tokens: 'tokens',
  first: 'first answer',
  second: 'second answer',
  step: 'step',
};

/** The filters with a list of values; a list with one value at most is left out, unless the address asks for one. */
export function selectsOf(facets: Facets | undefined, filter: TraceQuery): readonly Select[] {
  const counted = (name: keyof TraceQuery, label: string, of: readonly Facet[] | undefined): Select => ({
    name,
    label,
    choices: (of ?? []).map((facet) => ({
      value: facet.name,
      label: `${name === 'set' ? setName(facet.name) : facet.name} (${count(facet.rollouts)})`,
    })),
  });
  const selects: readonly Select[] = [
    counted('stage', 'Stage', facets?.stages),
    counted('pass', 'Pass', facets?.passes),
    counted('set', 'Set', facets?.sets),
    counted('source', 'Source', facets?.sources),
    counted('type', 'Problem type', facets?.types),
    { name: 'first', label: 'First answer', choices: OUTCOME_WORDS },
    { name: 'second', label: 'Second answer', choices: OUTCOME_WORDS },
    {
      name: 'gate',
      label: 'Gate',
      choices: [
        { value: 'exit', label: 'exit at the first answer' },
        { value: 'think', label: 'think' },
      ],
    },
    {
      name: 'state',
      label: 'Verdict',
      choices: ['graded', 'unparsed', 'timeout', 'error'].map((value) => ({ value, label: value })),
    },
  ];
  return selects.filter(({ name, choices }) => choices.length > 1 || filter[name] !== undefined);
}

const CHIP_WORDS: Partial<Record<keyof TraceQuery, string>> = {
  q: 'text',
  stage: 'stage',
  pass: 'pass',
  set: 'set',
  source: 'source',
  type: 'type',
  prompt: 'prompt',
  first: 'first answer',
  second: 'second answer',
  gate: 'gate',
  threshold: 'τ',
  minConfidence: 'confidence ≥',
  maxConfidence: 'confidence ≤',
  state: 'verdict',
};

/** The filters that are on, each with words for it. */
export function activeFilters(filter: TraceQuery): readonly { name: keyof TraceQuery; text: string }[] {
  return (Object.keys(CHIP_WORDS) as (keyof TraceQuery)[])
    .filter((name) => filter[name] !== undefined)
    .map((name) => ({ name, text: chipText(name, String(filter[name])) }));
}

function chipText(name: keyof TraceQuery, value: string): string {
  const words = CHIP_WORDS[name] ?? name;
  if (name === 'minConfidence' || name === 'maxConfidence') return `${words} ${value}`;
  return `${words}: ${name === 'set' ? setName(value) : value}`;
}

import type { RunOrder, RunRow } from '../../../api/index.js';
import { firstOrder, type Wanted } from './query.js';
import { Row } from './row.js';

const COLUMNS: readonly { readonly title: string; readonly sort?: RunOrder; readonly number?: boolean }[] = [
  { title: 'Run', sort: 'name' },
  { title: 'Status', sort: 'status' },
  { title: 'Stage' },
  { title: 'Reward' },
  { title: 'Accuracy', sort: 'accuracy', number: true },
  { title: 'Tokens', sort: 'tokens', number: true },
  { title: 'Think ratio', number: true },
  { title: 'Rollouts', sort: 'rollouts', number: true },
  { title: 'Worked', sort: 'seconds', number: true },
  { title: 'Started', sort: 'created', number: true },
];

interface TableProps {
  readonly runs: readonly RunRow[];
  readonly wanted: Wanted;
  readonly chosen: readonly string[];
  readonly onChoose: (name: string) => void;
  readonly onChange: (change: Partial<Wanted>) => void;
}

export function Table({ runs, wanted, chosen, onChoose, onChange }: TableProps) {
  return (
    <table class="runs">
      <caption class="hidden">Runs of the store</caption>
      <thead>
        <tr>
          <th class="pick">
            <span class="hidden">Compare</span>
          </th>
          {COLUMNS.map((column) => (
            <Head key={column.title} {...column} wanted={wanted} onChange={onChange} />
          ))}
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <Row key={run.name} run={run} place={chosen.indexOf(run.name)} onChoose={onChoose} onChange={onChange} />
        ))}
      </tbody>
    </table>
  );
}

type HeadProps = (typeof COLUMNS)[number] & Pick<TableProps, 'wanted' | 'onChange'>;

function Head({ title, sort, number = false, wanted, onChange }: HeadProps) {
  const kind = number ? 'num' : undefined;
  if (!sort)
    return (
      <th scope="col" class={`${kind ?? ''} fixed`}>
        {title}
      </th>
    );
  const sorted = wanted.sort === sort;
  const turned = wanted.order === 'asc' ? 'desc' : 'asc';
  const change = () => onChange({ sort, order: sorted ? turned : firstOrder(sort) });
  return (
    <th
      scope="col"
      class={kind}
      {...(sorted ? { 'aria-sort': wanted.order === 'asc' ? ('ascending' as const) : ('descending' as const) } : {})}
    >
      <button type="button" class="sort" onClick={change}>
        {title}
        <span aria-hidden="true" class="arrow">
          {sorted ? (wanted.order === 'asc' ? '↑' : '↓') : ''}
        </span>
      </button>
    </th>
  );
}

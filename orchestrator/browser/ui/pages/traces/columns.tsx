import type { ComponentChildren } from 'preact';
import type { AnswerCell, TraceOrder, TraceRow } from '../../../api/index.js';
import { count, fixed, NONE, setName } from '../../shared/format.js';
import { Mark, NoMark } from './mark.js';

export interface CellContext {
  /** Place in the order asked for, from 0. */
  readonly place: number;
  readonly threshold: number;
  readonly address: string;
}

export interface Column {
  /** Class of its cells. */
  readonly name: string;
  readonly title: string;
  readonly sort?: TraceOrder;
  readonly number?: boolean;
  readonly cell: (row: TraceRow, context: CellContext) => ComponentChildren;
}

export const COLUMNS: readonly Column[] = [
  { name: 'place', title: '#', sort: 'id', number: true, cell: (_, { place }) => count(place + 1) },
  { name: 'set', title: 'Set', cell: set },
  { name: 'prompt', title: 'Prompt', sort: 'prompt', cell: (row, { address }) => prompt(row, address) },
  { name: 'first', title: 'First answer', sort: 'first', cell: (row) => answer(row.first) },
  { name: 'second', title: 'Second answer', sort: 'second', cell: (row) => answer(row.second) },
  {
    name: 'confidence',
    title: 'Confidence',
    sort: 'confidence',
    number: true,
    cell: (row, { threshold }) => <Confidence value={row.confidence} threshold={threshold} />,
  },
  { name: 'gate', title: 'Gate', cell: (row) => (row.exits ? 'exit' : 'think') },
  { name: 'reward', title: 'Reward', sort: 'reward', number: true, cell: (row) => fixed(row.reward, 2) },
  { name: 'tokens', title: 'Tokens', sort: 'tokens', number: true, cell: (row) => count(row.tokens) },
  {
    name: 'step',
    title: 'Step·index',
    sort: 'step',
    number: true,
    cell: (row) => `${row.step ?? NONE}·${row.index}`,
  },
];

function set(row: TraceRow): ComponentChildren {
  return (
    <span title={`${row.stage}, ${row.pass}`}>
      {setName(row.set)} <span class="stage">{row.stage}</span>
    </span>
  );
}

function prompt(row: TraceRow, address: string): ComponentChildren {
  return (
    <>
      <a href={address} tabIndex={-1}>
        {row.promptId}
      </a>{' '}
      <span class="soft">{row.question}</span>
    </>
  );
}

function answer(cell: AnswerCell | null): ComponentChildren {
  if (cell === null) return <NoMark />;
  return (
    <>
      <Mark correct={cell.correct} state={cell.state} />{' '}
      <span title={cell.text}>{cell.text === '' ? <i class="soft">empty</i> : cell.text}</span>
    </>
  );
}

/** The number, a bar of it from 0 to 1, and a tick where the gate's threshold is. */
function Confidence({ value, threshold }: { value: number | null; threshold: number }) {
  return (
    <>
      <span>{fixed(value, 3)}</span>
      <span class="gauge" aria-hidden="true">
        {value !== null && <span class="fill" style={{ width: `${100 * value}%` }} />}
        <span class="tick" style={{ left: `${100 * Math.min(1, threshold)}%` }} />
      </span>
    </>
  );
}

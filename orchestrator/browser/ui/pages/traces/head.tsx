import { nextOrder, type TraceAddress } from '../../shared/trace-query.js';
import { COLUMNS, type Column } from './columns.js';

/** The titles of the columns; those that sort are buttons. */
export function Head({ address }: { address: TraceAddress }) {
  return (
    <thead class="head">
      <tr class="line" aria-rowindex={1}>
        {COLUMNS.map((column, index) => (
          <Title key={column.name} column={column} index={index} address={address} />
        ))}
      </tr>
    </thead>
  );
}

function Title({ column, index, address }: { column: Column; index: number; address: TraceAddress }) {
  const { sort, title } = column;
  const { filter, change } = address;
  const sorted = sort !== undefined && filter.sort === sort;
  const down = filter.order === 'desc';
  return (
    <th
      scope="col"
      class={`cell ${column.name}${column.number ? ' num' : ''}`}
      aria-colindex={index + 1}
      {...(sorted ? { 'aria-sort': down ? ('descending' as const) : ('ascending' as const) } : {})}
    >
      {sort === undefined ? (
        title
      ) : (
        <button type="button" class="sort" onClick={() => change(nextOrder(filter, sort))}>
          {title}
          <span aria-hidden="true">{sorted ? (down ? ' ↓' : ' ↑') : ''}</span>
        </button>
      )}
    </th>
  );
}

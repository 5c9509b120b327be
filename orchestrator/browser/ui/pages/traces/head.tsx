import { nextOrder, type TraceAddress } from '../../shared/trace-query.js';
import { COLUMNS, type Column } from './columns.js';

/** The titles of the columns; those that sort are buttons. */
export function Head({ address }: { address: TraceAddress }) {
  return (
    <div class="head" role="rowgroup">
      <div class="line" role="row" aria-rowindex={1}>
        {COLUMNS.map((column, index) => (
          <Title key={column.name} column={column} index={index} address={address} />
        ))}
      </div>
    </div>
  );
}

function Title({ column, index, address }: { column: Column; index: number; address: TraceAddress }) {
  const { sort, title } = column;
  const { filter, change } = address;
  const sorted = sort !== undefined && filter.sort === sort;
  const down = filter.order === 'desc';
  return (
    <div
      class={`cell ${column.name}${column.number ? ' num' : ''}`}
      role="columnheader"
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
    </div>
  );
}

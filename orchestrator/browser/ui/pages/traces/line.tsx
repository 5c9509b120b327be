import type { TraceRow } from '../../../api/index.js';
import { count } from '../../shared/format.js';
import { type TraceAddress, tracePath } from '../../shared/trace-query.js';
import { COLUMNS } from './columns.js';

interface LineProps {
  readonly place: number;
  /** Pixels. */
  readonly top: number;
  /** Undefined while it is on its way. */
  readonly row: TraceRow | undefined;
  readonly address: TraceAddress;
  readonly threshold: number;
  readonly active: boolean;
}

/** One rollout, or the place for one. */
export function Line({ place, top, row, address, threshold, active }: LineProps) {
  return (
    <tr
      id={`row-${place}`}
      class={`line${active ? ' active' : ''}${row ? '' : ' empty'}`}
      aria-rowindex={place + 2}
      aria-selected={active}
      style={{ transform: `translateY(${top}px)` }}
    >
      {row ? (
        COLUMNS.map((column, index) => (
          <td key={column.name} class={`cell ${column.name}${column.number ? ' num' : ''}`} aria-colindex={index + 1}>
            {column.cell(row, { place, threshold, address: tracePath(address.run, row.id, address.filter) })}
          </td>
        ))
      ) : (
        <>
          <td class="cell place num" aria-colindex={1}>
            {count(place + 1)}
          </td>
          <td class="cell prompt" aria-colindex={3} aria-label="Loading">
            <span class="ghost" />
          </td>
        </>
      )}
    </tr>
  );
}

import { useEffect, useRef } from 'preact/hooks';
import type { FlipsAnswer } from '../../../api/index.js';
import { Pair } from './pair.js';
import { Side } from './side.js';

interface FlipTableProps {
  readonly rows: FlipsAnswer['rows'];
  /** The baseline and the other run. */
  readonly names: readonly [string, string];
  /** Place of the open row in this page. */
  readonly open: number | null;
  readonly onOpen: (place: number | null) => void;
}

export function FlipTable({ rows, names, open, onOpen }: FlipTableProps) {
  return (
    <div class="scroll">
      <table class="flip-table">
        <thead>
          <tr>
            <th scope="col">Question</th>
            <th scope="col">{names[0]}</th>
            <th scope="col">{names[1]}</th>
          </tr>
        </thead>
        {rows.map((row, place) => (
          <Row
            key={`${row.benchmark} ${row.promptId}`}
            row={row}
            names={names}
            open={place === open}
            onToggle={() => onOpen(place === open ? null : place)}
          />
        ))}
      </table>
    </div>
  );
}

interface RowProps {
  readonly row: FlipsAnswer['rows'][number];
  readonly names: readonly [string, string];
  readonly open: boolean;
  readonly onToggle: () => void;
}

/** A question with both answers; open, both traces below it. */
function Row({ row, names, open, onToggle }: RowProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    if (open) body.current?.scrollIntoView({ block: 'nearest' });
  }, [open]);
  return (
    <tbody ref={body} class={open ? 'open' : ''}>
      <tr>
        <td class="question">
          <button type="button" class="quiet" aria-expanded={open} onClick={onToggle}>
            {row.question}
          </button>
          <span class="under soft small">
            {row.benchmark}, {row.promptId}
          </span>
        </td>
        <td>
          <Side side={row.before} />
        </td>
        <td>
          <Side side={row.after} />
        </td>
      </tr>
      {open && (
        <tr class="traces">
          <td colSpan={3}>
            <Pair row={row} names={names} />
          </td>
        </tr>
      )}
    </tbody>
  );
}

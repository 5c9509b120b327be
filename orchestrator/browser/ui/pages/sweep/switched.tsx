import type { SwitchedRow } from '../../../api/index.js';
import { count, fixed } from '../../shared/format.js';
import type { Recomputed } from './look.js';

interface SwitchedProps {
  readonly run: string;
  readonly recomputed: Recomputed;
  /** The threshold under look does what the chosen one does. */
  readonly isChosen: boolean;
  /** Asks for more rows; null when there cannot be more. */
  readonly onMore: (() => void) | null;
}

/** Questions that the gate treats otherwise than at the chosen threshold. */
export function Switched({ run, recomputed, isChosen, onMore }: SwitchedProps) {
  const switched = recomputed.at?.switched;
  return (
    <section class={`switched ${recomputed.fresh ? '' : 'stale'}`} aria-labelledby="switched-title">
      <h2 id="switched-title">Questions that switch against the chosen τ</h2>
      {isChosen && !switched?.total ? (
        <p class="soft">None: this is the chosen τ. Move the marker to see which questions change.</p>
      ) : switched === undefined ? (
        <p class="soft" aria-busy="true">
          {recomputed.failed ?? 'Loading…'}
        </p>
      ) : (
        <>
          <p>
            {count(switched.total)} switch: <span class="right">{count(switched.fixed)} fixed</span>,{' '}
            <span class="wrong">{count(switched.broken)} broken</span>,{' '}
            {count(switched.total - switched.fixed - switched.broken)} the same.
          </p>
          {switched.rows.length > 0 && <Rows run={run} rows={switched.rows} />}
          {onMore && switched.rows.length < switched.total && (
            <button type="button" onClick={onMore}>
              Show more of the {count(switched.total)}
            </button>
          )}
        </>
      )}
    </section>
  );
}

const CHANGES = {
  fixed: { sign: '✓ fixed', kind: 'right' },
  broken: { sign: '✗ broken', kind: 'wrong' },
  same: { sign: 'same', kind: 'soft' },
} as const;

function Rows({ run, rows }: { readonly run: string; readonly rows: readonly SwitchedRow[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section class="scroll list" tabIndex={0} aria-label="Questions that switch">
      <table>
        <thead>
          <tr>
            <th scope="col">Question</th>
            <th scope="col">Change</th>
            <th scope="col">Now</th>
            <th scope="col" class="num">
              Confidence
            </th>
            <th scope="col" class="num">
              Tokens
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td>
                <a href={`/runs/${encodeURIComponent(run)}/traces/${row.id}`}>{row.promptId}</a>
                <span class="soft small under">{row.benchmark}</span>
              </td>
              <td class={CHANGES[row.change].kind}>{CHANGES[row.change].sign}</td>
              <td>{row.exits ? 'exits' : 'thinks'}</td>
              <td class="num">{fixed(row.confidence, 4)}</td>
              <td class="num">{count(row.tokens)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

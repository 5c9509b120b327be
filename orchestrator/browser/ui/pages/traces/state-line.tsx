import { count } from '../../shared/format.js';
import { NumberInput } from '../../shared/number-input.js';
import type { TraceAddress } from '../../shared/trace-query.js';
import type { Totals } from './blocks.js';
import { activeFilters } from './filter-names.js';

interface StateLineProps {
  readonly address: TraceAddress;
  readonly totals: Totals | undefined;
  readonly active: number;
  readonly onActive: (place: number) => void;
  /** Rollouts that came in since the table was read. */
  readonly fresh: number;
  readonly onReload: () => void;
}

/** How many match, by which filters, and which row is the active one. */
export function StateLine({ address, totals, active, onActive, fresh, onReload }: StateLineProps) {
  return (
    <div class="state-line">
      <p role="status" class="total">
        {totals ? `${count(totals.total)} of ${count(totals.all)} rollouts` : ' '}
      </p>
      {fresh > 0 && (
        <button type="button" class="primary fresh" onClick={onReload}>
          {count(fresh)} new {fresh === 1 ? 'rollout' : 'rollouts'}: load
        </button>
      )}
      <Chips address={address} />
      <label class="go" htmlFor="row">
        Row
        <NumberInput
          id="row"
          min={1}
          max={totals?.total ?? 1}
          value={active + 1}
          onNumber={(typed) => {
            const last = Math.max(1, totals?.total ?? 1);
            onActive(Math.min(last, Math.max(1, Math.round(typed))) - 1);
          }}
        />
      </label>
    </div>
  );
}

function Chips({ address }: { address: TraceAddress }) {
  const active = activeFilters(address.filter);
  if (active.length === 0) return null;
  const clear = () => address.change(Object.fromEntries(active.map(({ name }) => [name, undefined])));
  return (
    <ul class="chips" aria-label="Filters that are on">
      {active.map(({ name, text }) => (
        <li key={name}>
          <button type="button" onClick={() => address.change({ [name]: undefined })} aria-label={`Remove ${text}`}>
            {text} <span aria-hidden="true">×</span>
          </button>
        </li>
      ))}
      <li>
        <button type="button" class="quiet" onClick={clear}>
          Clear all
        </button>
      </li>
    </ul>
  );
}

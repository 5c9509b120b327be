import { useState } from 'preact/hooks';
import { type Facets, TRACE_ORDERS } from '../../../api/index.js';
import type { TraceAddress } from '../../shared/trace-query.js';
import { ORDER_WORDS, type Select, selectsOf } from './filter-names.js';
import { LateInput } from './late-input.js';
import { useNarrow } from './narrow.js';

/** Every filter but the search; folded away on a narrow screen. */
export function Filters({ facets, address }: { facets: Facets | undefined; address: TraceAddress }) {
  const narrow = useNarrow();
  const [open, setOpen] = useState(false);
  return (
    <div class="more">
      {narrow && (
        <button type="button" class="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Hide filters and order' : 'Filters and order'}
        </button>
      )}
      {(!narrow || open) && (
        <div class="filters">
          {selectsOf(facets, address.filter).map((select) => (
            <SelectFilter key={select.name} select={select} address={address} />
          ))}
          <Range address={address} />
          <label htmlFor="prompt-id">
            Prompt id
            <LateInput
              id="prompt-id"
              class="prompt-id"
              value={address.filter.prompt ?? ''}
              onValue={(value) => address.change({ prompt: value || undefined }, address.filter.prompt !== undefined)}
            />
          </label>
          {narrow && <Order address={address} />}
        </div>
      )}
    </div>
  );
}

function SelectFilter({ select, address }: { select: Select; address: TraceAddress }) {
  const { name, label, choices } = select;
  const value = address.filter[name] ?? '';
  return (
    <label>
      {label}
      <select
        value={value}
        onChange={({ currentTarget }) => address.change({ [name]: currentTarget.value || undefined })}
      >
        <option value="">all</option>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
        {value !== '' && !choices.some((choice) => choice.value === value) && <option value={value}>{value}</option>}
      </select>
    </label>
  );
}

function Range({ address }: { address: TraceAddress }) {
  const { filter, change } = address;
  const common = { type: 'number', min: 0, max: 1, step: 'any', inputMode: 'decimal' } as const;
  return (
    <fieldset class="range">
      <legend>Confidence</legend>
      <LateInput
        {...common}
        placeholder="from"
        aria-label="Confidence from"
        value={filter.minConfidence ?? ''}
        onValue={(value) => change({ minConfidence: value || undefined }, filter.minConfidence !== undefined)}
      />
      <span aria-hidden="true">–</span>
      <LateInput
        {...common}
        placeholder="to"
        aria-label="Confidence to"
        value={filter.maxConfidence ?? ''}
        onValue={(value) => change({ maxConfidence: value || undefined }, filter.maxConfidence !== undefined)}
      />
    </fieldset>
  );
}

/** The order, where there are no titles of columns to press. */
function Order({ address }: { address: TraceAddress }) {
  const { sort = '', order = 'asc' } = address.filter;
  return (
    <label>
      Order
      <select
        value={sort === '' ? '' : `${sort} ${order}`}
        onChange={({ currentTarget }) => {
          const [by, way] = currentTarget.value.split(' ');
          address.change({ sort: by || undefined, order: way });
        }}
      >
        <option value="">as they came in</option>
        {TRACE_ORDERS.flatMap((by) =>
          (['asc', 'desc'] as const).map((way) => (
            <option key={`${by} ${way}`} value={`${by} ${way}`}>
              {ORDER_WORDS[by]} {way === 'asc' ? '↑' : '↓'}
            </option>
          )),
        )}
      </select>
    </label>
  );
}

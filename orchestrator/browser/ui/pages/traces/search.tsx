import { useEffect, useRef } from 'preact/hooks';
import type { Refused } from '../../shared/api.js';
import { count } from '../../shared/format.js';
import type { TraceAddress } from '../../shared/trace-query.js';
import type { Totals } from './blocks.js';
import { LateInput } from './late-input.js';

interface SearchProps {
  readonly address: TraceAddress;
  readonly totals: Totals | undefined;
  /** What the server has against the query. */
  readonly error: Refused | undefined;
}

/** The search in completions and questions. */
export function Search({ address, totals, error }: SearchProps) {
  const box = useRef<HTMLDivElement>(null);
  useSlash(box);
  const { filter, change } = address;
  const behind = totals?.indexed ?? null;
  return (
    <div class="search" ref={box}>
      <label htmlFor="search">
        <span class="hidden">Search in completions and questions</span>
        <LateInput
          id="search"
          type="search"
          placeholder="Search completions and questions ( / )"
          spellcheck={false}
          value={filter.q ?? ''}
          onValue={(q) => change({ q: q || undefined }, filter.q !== undefined)}
          aria-invalid={error !== undefined && filter.q !== undefined}
          aria-describedby="search-hint"
        />
      </label>
      <p id="search-hint" class="small soft">
        All words; <code>"a phrase"</code>; <code>begin*</code>
      </p>
      {error && (
        <p class="small wrong refused" role="alert">
          {error.message}
          {error.fix && <span class="soft"> ({error.fix})</span>}
        </p>
      )}
      {filter.q && totals && behind !== null && behind < totals.all && (
        <p class="small behind" role="status">
          Still being indexed: the search knows {count(behind)} of {count(totals.all)} rollouts.
        </p>
      )}
    </div>
  );
}

/** `/` goes to the search from everywhere but another input. */
function useSlash(box: { readonly current: HTMLElement | null }): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest('input, select, textarea');
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      box.current?.querySelector('input')?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [box]);
}

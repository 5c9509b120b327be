import { POLICIES, type RunRow } from '../../../api/index.js';
import { percent } from '../../shared/format.js';
import type { Change, View } from './view.js';

/** Which runs, which of them is the baseline, and how they answer. */
export function Picker({ view, known, change }: { view: View; known: readonly RunRow[]; change: Change }) {
  const { runs, policy } = view;
  const set = (next: readonly string[]) =>
    change({ runs: next, against: null, benchmark: null, offset: 0, open: null });
  const others = known.filter(({ name }) => !runs.includes(name));
  return (
    <div class="picker">
      <ul aria-label="Runs compared">
        {runs.map((run, place) => (
          <li key={run}>
            <a href={`/runs/${encodeURIComponent(run)}`}>{run}</a>
            {place === 0 ? (
              <span class="soft small">baseline</span>
            ) : (
              <button
                type="button"
                class="quiet small"
                onClick={() => set([run, ...runs.filter((each) => each !== run)])}
                aria-label={`make baseline: ${run}`}
              >
                make baseline
              </button>
            )}
            <button
              type="button"
              class="quiet"
              aria-label={`Remove ${run}`}
              onClick={() => set(runs.filter((each) => each !== run))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <div class="filters">
        <label>
          Add a run
          <select
            value=""
            disabled={others.length === 0}
            onChange={({ currentTarget }) => {
              if (currentTarget.value !== '') set([...runs, currentTarget.value]);
            }}
          >
            <option value="">{others.length === 0 ? 'no other runs' : 'choose…'}</option>
            {others.map(({ name, status, accuracy }) => (
              <option key={name} value={name}>
                {name} ({accuracy === null ? status : percent(accuracy)})
              </option>
            ))}
          </select>
        </label>
        <fieldset>
          <legend>How they answer</legend>
          {POLICIES.map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="policy"
                checked={each === policy}
                onChange={() => change({ policy: each, offset: 0, open: null })}
              />
              {WORDS[each]}
            </label>
          ))}
        </fieldset>
      </div>
    </div>
  );
}

const WORDS = { auto: 'by confidence (auto)', always: 'always think', never: 'never think' } as const;

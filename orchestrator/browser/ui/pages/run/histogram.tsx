import type { FilterView } from '../../../api/index.js';
import { count } from '../../shared/format.js';

const ROUGH = ['never', 'mixed', 'always'];

/** Prompts by how many of their rollouts were right, as bars with their numbers. */
export function Histogram({ filter: { passHistogram: counts, exact, prompts } }: { filter: FilterView }) {
  const others = prompts - counts.reduce((sum, n) => sum + n, 0);
  const most = Math.max(1, ...counts);
  return (
    <figure class="histogram">
      <figcaption class="soft small">
        {exact ? `Prompts by right rollouts of ${counts.length - 1}` : 'Prompts by how often they were right'}
      </figcaption>
      <ol>
        {counts.map((n, right) => {
          const name = exact ? String(right) : (ROUGH[right] ?? String(right));
          return (
            <li key={name} aria-label={`${exact ? `${right} right` : name}: ${n} prompts`}>
              <span class="n small">{count(n)}</span>
              <span class="column" style={{ height: `${(100 * n) / most}px` }} />
              <span class="soft small">{name}</span>
            </li>
          );
        })}
      </ol>
      {others > 0 && <p class="soft small">{count(others)} more have no such number.</p>}
    </figure>
  );
}

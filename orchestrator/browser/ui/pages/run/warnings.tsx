import type { RunDetail } from '../../../api/index.js';

export function Warnings({ warnings }: Pick<RunDetail, 'warnings'>) {
  if (warnings.length === 0) return null;
  return (
    <section class="warnings">
      <h2>Warnings</h2>
      <ul>
        {warnings.map(({ kind, message, n }) => (
          <li key={`${kind} ${message}`}>
            <span class="kind small">{kind}</span> {message}
            {n > 1 && <span class="soft"> {n}×</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

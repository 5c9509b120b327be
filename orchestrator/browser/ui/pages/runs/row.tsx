import { useMemo } from 'preact/hooks';
import type { RunRow } from '../../../api/index.js';
import { count, duration, fixed, localTime, percent } from '../../shared/format.js';
import { Sparkline } from '../../shared/sparkline.js';
import type { Wanted } from './query.js';
import { StatusChip } from './status-chip.js';

interface RowProps {
  readonly run: RunRow;
  /** Place among the runs chosen for comparing; -1 when it is none of them. */
  readonly place: number;
  readonly onChoose: (name: string) => void;
  readonly onChange: (change: Partial<Wanted>) => void;
}

/** One run. Of a thousand rows only those are looked at again whose run or place is another. */
export function Row({ run, place, onChoose, onChange }: RowProps) {
  return useMemo(
    () => (
      <tr class={place >= 0 ? 'chosen' : undefined}>
        <td class="pick">
          <input
            type="checkbox"
            checked={place >= 0}
            aria-label={`Compare ${run.name}`}
            onChange={() => onChoose(run.name)}
          />
          {place === 0 && <span class="small soft">base</span>}
        </td>
        <Name run={run} onChange={onChange} />
        <td class="state">
          <StatusChip status={run.status} />
          {run.reason && <Reason run={run} />}
        </td>
        <td data-name="stage">{run.stage ?? ''}</td>
        <td>
          <Sparkline values={run.reward} label="Mean reward" />
        </td>
        <Numbers run={run} />
      </tr>
    ),
    [run, place, onChoose, onChange],
  );
}

function Name({ run, onChange }: Pick<RowProps, 'run' | 'onChange'>) {
  return (
    <td class="who">
      <a class="name" href={`/runs/${encodeURIComponent(run.name)}`}>
        {run.name}
      </a>
      {run.tags.length > 0 && (
        <span class="tags">
          {run.tags.map((tag) => (
            <button
              key={tag}
              type="button"
              class="tag"
              onClick={() => onChange({ tag })}
              title={`Show runs tagged ${tag}`}
            >
              {tag}
            </button>
          ))}
        </span>
      )}
      {run.note && (
        <span class="note soft small" title={run.note}>
          {run.note}
        </span>
      )}
    </td>
  );
}

function Reason({ run }: { run: RunRow }) {
  const where = run.status === 'failed' && run.stage ? `in ${run.stage}: ` : '';
  return (
    <span class="reason soft small" title={`${where}${run.reason}`}>
      {where}
      {run.reason}
    </span>
  );
}

function Numbers({ run }: { run: RunRow }) {
  const cells = [
    ['accuracy', percent(run.accuracy)],
    ['tokens', fixed(run.meanTokens)],
    ['think ratio', percent(run.thinkRatio, 0)],
    ['rollouts', count(run.rollouts)],
    ['worked', duration(run.seconds)],
    ['started', localTime(run.createdAt)],
  ] as const;
  return (
    <>
      {cells.map(([name, text]) => (
        <td key={name} class="num" data-name={name}>
          {text}
        </td>
      ))}
    </>
  );
}

import type { RunDetail } from '../../../api/index.js';
import { addressOf } from '../../shared/api.js';
import { localTime } from '../../shared/format.js';
import { StatusChip } from '../runs/status-chip.js';
import { CopyButton } from './copy-button.js';

/** Name, state, and how it goes on. */
export function Heading({ detail: { run, resume } }: { detail: RunDetail }) {
  const base = `/runs/${encodeURIComponent(run.name)}`;
  return (
    <header class="heading">
      <h1>{run.name}</h1>
      <p class="facts">
        <StatusChip status={run.status} />
        {run.status === 'running' && run.stage && <span>{run.stage}</span>}
        <span class="soft">
          started <time dateTime={run.createdAt}>{localTime(run.createdAt)}</time>
        </span>
        <span class="soft">seed {run.seed}</span>
        <a href={`${base}/sweep`}>τ explorer</a>
        <a href={`${base}/traces`}>Traces</a>
        {run.tags.map((tag) => (
          <a key={tag} class="tag" href={addressOf('/', { tag })} title={`Runs tagged ${tag}`}>
            {tag}
          </a>
        ))}
      </p>
      {run.note && <p class="note">{run.note}</p>}
      {run.reason && (
        <p class={`reason ${run.status}`}>
          {run.status === 'failed' && run.stage && <b>in {run.stage}: </b>}
          {run.reason}
        </p>
      )}
      {resume && (
        <p class="resume">
          <span class="soft">Goes on with</span> <code>{resume}</code> <CopyButton text={resume} />
        </p>
      )}
    </header>
  );
}

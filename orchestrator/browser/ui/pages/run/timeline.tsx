import { useEffect, useState } from 'preact/hooks';
import type { RunDetail, StageView } from '../../../api/index.js';
import { addressOf } from '../../shared/api.js';
import { count, duration, localTime, NONE } from '../../shared/format.js';
import { StatusChip } from '../runs/status-chip.js';
import { type TimeScale, timeScale } from './timeline-scale.js';

interface TimelineProps {
  readonly stages: readonly StageView[];
  readonly ledger: RunDetail['ledger'];
  readonly run: string;
}

/** Stages as bars over the time; attempts that a later one replaced are faint. */
export function Timeline({ stages, ledger, run }: TimelineProps) {
  const now = useNow(stages.some(({ status }) => status === 'running'));
  if (stages.length === 0) return null;
  const scale = timeScale(stages, now);
  const counted = new Map(ledger.stages.map((stage) => [stage.stage, stage]));
  const hasEarlier = stages.some(({ reuses }) => reuses > 0) || ledger.cached > 0;
  return (
    <section>
      <h2>Stages</h2>
      <table class="timeline">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">Status</th>
            <th scope="col" class="track">
              <span class="hidden">Time</span>
              <Ticks scale={scale} />
            </th>
            <th scope="col" class="num">
              Worked
            </th>
            {hasEarlier && <th scope="col">From earlier</th>}
          </tr>
        </thead>
        <tbody>
          {stages.map((stage) => (
            <Line
              key={`${stage.name} ${stage.attempt}`}
              stage={stage}
              scale={scale}
              now={now}
              counts={stage.superseded ? undefined : counted.get(stage.name)}
              run={run}
              hasEarlier={hasEarlier}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Milliseconds since 1970; it goes on by the second where asked to. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}

function Ticks({ scale }: { scale: TimeScale }) {
  return (
    <span class="ticks" aria-hidden="true">
      {scale.ticks.map(({ left, text }) => (
        <span key={text} style={{ left: `${left}%` }}>
          {text}
        </span>
      ))}
    </span>
  );
}

interface LineProps {
  readonly stage: StageView;
  readonly scale: TimeScale;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly counts: RunDetail['ledger']['stages'][number] | undefined;
  readonly run: string;
  readonly hasEarlier: boolean;
}

function Line({ stage, scale, now, counts, run, hasEarlier }: LineProps) {
  const { left, width } = scale.barOf(stage);
  const traces = addressOf(`/runs/${encodeURIComponent(run)}/traces`, { stage: stage.name });
  const until = stage.finishedAt ? localTime(stage.finishedAt) : NONE;
  return (
    <tr class={stage.superseded ? 'replaced' : undefined}>
      <th scope="row" title={`key ${stage.key}`}>
        {counts && counts.rollouts > 0 ? <a href={traces}>{stage.name}</a> : stage.name}
        {(stage.superseded || stage.attempt > 1) && (
          <span class="soft small">
            attempt {stage.attempt}
            {stage.superseded ? ', replaced' : ''}
          </span>
        )}
      </th>
      <td>
        <StatusChip status={stage.status} />
      </td>
      <td class="track" title={`${localTime(stage.startedAt)} to ${until}`}>
        <span class={`bar ${stage.status}`} style={{ left: `min(${left}%, 100% - 3px)`, width: `${width}%` }} />
        {stage.reason && <span class="reason small">{stage.reason}</span>}
      </td>
      <td class="num">{worked(stage, now)}</td>
      {hasEarlier && <td class="earlier soft">{earlier(stage, counts)}</td>}
    </tr>
  );
}

/** Seconds are counted when a sitting ends; until the first one does it is the time since the start. */
function worked({ status, seconds, startedAt }: StageView, now: number): string {
  if (status !== 'running') return duration(seconds);
  return seconds === 0 ? duration(Math.max(0, now - Date.parse(startedAt)) / 1000) : `${duration(seconds)} and on`;
}

/** What of the stage was there already. */
function earlier(stage: StageView, counts: LineProps['counts']): string {
  const parts = [
    ...(stage.reuses > 0 ? [`reused ${stage.reuses}×`] : []),
    ...(counts && counts.cached > 0
      ? [`${count(counts.cached)} of ${count(counts.rollouts)} rollouts from the cache`]
      : []),
  ];
  return parts.join('; ');
}

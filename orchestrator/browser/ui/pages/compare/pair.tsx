import type { FlipSide, FlipsAnswer, TraceDetail } from '../../../api/index.js';
import { useJson } from '../../shared/api.js';
import { count, fixed, NONE } from '../../shared/format.js';
import { Waiting } from '../../shared/notices.js';
import { Completion } from './completion.js';
import { Mark, thresholdText } from './side.js';

interface PairProps {
  readonly row: FlipsAnswer['rows'][number];
  readonly names: readonly [string, string];
}

/** The traces of both runs next to each other. */
export function Pair({ row, names }: PairProps) {
  return (
    <div class="pair">
      <One run={names[0]} side={row.before} />
      <One run={names[1]} side={row.after} />
    </div>
  );
}

function One({ run, side }: { readonly run: string; readonly side: FlipSide }) {
  const trace = useJson<TraceDetail>(`/api/traces/${side.id}`);
  return (
    <article class="panel">
      <h3>
        {run} <a href={`/runs/${encodeURIComponent(run)}/traces/${side.id}`}>whole trace</a>
      </h3>
      <Waiting of={trace}>
        {(data) => (data.row.id === side.id ? <Trace trace={data} /> : <p aria-busy="true">Loading…</p>)}
      </Waiting>
    </article>
  );
}

function Trace({ trace: { text, trace, verdicts, gate, reward } }: { readonly trace: TraceDetail }) {
  return (
    <>
      <dl class="facts">
        <dt>first answer</dt>
        <dd>
          {trace.first ? (
            <>
              <Mark correct={verdicts.first?.correct ?? null} /> {trace.first.text}
            </>
          ) : (
            NONE
          )}
        </dd>
        <dt>second answer</dt>
        <dd>
          {trace.second ? (
            <>
              <Mark correct={verdicts.second?.correct ?? null} /> {trace.second.text}
            </>
          ) : (
            NONE
          )}
        </dd>
        <dt>confidence</dt>
        <dd>
          {fixed(trace.confidence, 4)}, the gate at {thresholdText(gate.threshold)} {gate.exits ? 'exits' : 'thinks'}
        </dd>
        <dt>tokens, reward</dt>
        <dd>
          {count(trace.tokens.total)}, {reward === null ? NONE : fixed(reward.total, 2)}
        </dd>
      </dl>
      <Completion text={text} trace={trace} exits={gate.exits} />
    </>
  );
}

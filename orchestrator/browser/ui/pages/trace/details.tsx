import type { TraceDetail } from '../../../api/index.js';
import { count } from '../../shared/format.js';

const FINISH = {
  stop: 'stop: the end token',
  length: 'length: the token limit',
  exit: 'exit: at the first answer',
  abort: 'abort: by the caller',
};

/** Numbers of the request. */
export function Details({ trace }: { trace: TraceDetail }) {
  const { tokens, truncated } = trace.trace;
  return (
    <section>
      <h2>Details</h2>
      <dl class="details">
        <dt>Prompt tokens</dt>
        <dd>
          {count(trace.promptTokens)} <span class="soft">({count(trace.cachedTokens)} cached)</span>
        </dd>
        <dt>Generated tokens</dt>
        <dd>
          {count(tokens.total)}{' '}
          <span class="soft">
            (first answer {count(tokens.first)}, think {count(tokens.think)}, second answer {count(tokens.second)})
          </span>
        </dd>
        {trace.forced > 0 && (
          <>
            <dt>Forced tokens</dt>
            <dd>
              {count(trace.forced)} <span class="soft">given at the beginning, not sampled</span>
            </dd>
          </>
        )}
        <dt>Finish</dt>
        <dd>
          {FINISH[trace.finishReason]}
          {truncated ? ' (truncated)' : ''}
        </dd>
        <dt>Layout</dt>
        <dd>{layout(trace)}</dd>
        <dt>Seed</dt>
        <dd class="mono">{trace.seed}</dd>
        <dt>Key</dt>
        <dd class="mono" title={trace.key}>
          {trace.key.slice(0, 12)}
        </dd>
        <dt>Trace</dt>
        <dd class="mono">{trace.row.id}</dd>
      </dl>
    </section>
  );
}

function layout({ trace, finishReason }: TraceDetail): string {
  if (trace.format === 1) return 'box, think block, box';
  return finishReason === 'exit' ? 'one box, at which it stopped' : 'not as asked';
}

import { useState } from 'preact/hooks';
import type { TraceDetail } from '../../../api/index.js';
import { count } from '../../shared/format.js';
import { TokenStrip } from './token-strip.js';
import { LEVELS } from './tokens.js';

/** What the model wrote: token by token, or as plain text. */
export function Completion({ trace }: { trace: TraceDetail }) {
  const [plain, setPlain] = useState(false);
  const tokens = trace.tokenEnds.length;
  const known = trace.logprobs.length > 0;
  return (
    <section>
      <div class="completion-head">
        <h2>Completion</h2>
        {tokens > 0 && (
          <label class="small">
            <input type="checkbox" checked={plain} onChange={({ currentTarget }) => setPlain(currentTarget.checked)} />{' '}
            plain text
          </label>
        )}
      </div>
      {plain || tokens === 0 ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
        <pre class="completion" tabIndex={0}>
          {trace.text}
        </pre>
      ) : (
        <>
          {known ? <Legend /> : <p class="soft small">The engine gave no log-probabilities: tokens have no colour.</p>}
          <TokenStrip trace={trace} />
        </>
      )}
      <p class="soft small">
        {count(tokens)} tokens, {count(trace.text.length)} characters
      </p>
    </section>
  );
}

function Legend() {
  return (
    <p class="legend small soft">
      Probability of a token
      {LEVELS.map((least, level) => (
        <span key={least} class={`token p${level}`}>
          {level === LEVELS.length - 1 ? `< ${LEVELS[level - 1]}` : `≥ ${least}`}
        </span>
      ))}
    </p>
  );
}

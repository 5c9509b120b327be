import { useMemo, useState } from 'preact/hooks';
import type { TraceDetail } from '../../../api/index.js';
import { count } from '../../shared/format.js';
import { levelOf, type Part, type Piece, partsOf, probabilityText, type RegionName } from './tokens.js';

/** Tokens that are shown at once: of longer completions the beginning and the end, so that a page never freezes. */
const HEAD = 3000;
const TAIL = 1000;
/** Tokens that come with each press of the button. */
const MORE = 10_000;

const LABELS: Record<RegionName, string> = { first: 'first answer', think: 'think', second: 'second answer' };

/** The completion, each token with the colour of its probability, the answers and the think block marked. */
export function TokenStrip({ trace }: { trace: TraceDetail }) {
  const [head, setHead] = useState(HEAD);
  const total = trace.tokenEnds.length;
  const left = Math.max(0, total - head - TAIL);
  const split = left === 0 ? total : head;
  const before = useMemo(() => partsOf(trace, 0, split), [trace, split]);
  const after = useMemo(() => (left === 0 ? [] : partsOf(trace, total - TAIL, total)), [trace, total, left === 0]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
    <section class="completion" tabIndex={0} aria-label="Completion, token by token">
      <Parts parts={before} />
      {left > 0 && (
        <div class="cut">
          <span class="soft">{count(left)} tokens left out </span>
          <button type="button" onClick={() => setHead(head + MORE)}>
            {left > MORE ? `Show ${count(MORE)} more` : 'Show them'}
          </button>
        </div>
      )}
      <Parts parts={after} />
    </section>
  );
}

function Parts({ parts }: { parts: readonly Part[] }) {
  return (
    <>
      {parts.map((part) =>
        part.region === null ? (
          <Tokens key={part.pieces[0]?.from} pieces={part.pieces} />
        ) : (
          <span key={`${part.region} ${part.pieces[0]?.from}`} class={`region ${part.region}`}>
            <span class="region-label">{LABELS[part.region]}</span>
            <Tokens pieces={part.pieces} />
          </span>
        ),
      )}
    </>
  );
}

function Tokens({ pieces }: { pieces: readonly Piece[] }) {
  return (
    <>
      {pieces.map(({ from, text, probability }) => (
        <span
          key={from}
          class={probability === null ? 'token' : `token p${levelOf(probability)}`}
          {...(probability === null ? {} : { title: probabilityText(probability) })}
        >
          {text}
        </span>
      ))}
    </>
  );
}

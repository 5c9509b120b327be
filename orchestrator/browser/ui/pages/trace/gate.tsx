import type { TraceDetail } from '../../../api/index.js';
import { count } from '../../shared/format.js';
import { at } from './scale.js';

const UNIT = { from: 0, to: 1 };
const MODES = {
  engine: 'inside the engine, between two tokens',
  stream: 'while the tokens came, by breaking the connection off',
  'two-requests': 'between two requests, one for the first answer and one for the rest',
};

/** Whether the confidence of the first answer is enough to stop there. */
export function Gate({ trace }: { trace: TraceDetail }) {
  const { threshold } = trace.gate;
  const { confidence } = trace.trace;
  return (
    <section>
      <h2>Gate</h2>
      <div class="gate-scale" aria-hidden="true">
        <span class="go-on" style={{ width: `${at(threshold, UNIT)}%` }}>
          think
        </span>
        <span class="threshold" style={{ left: `${at(threshold, UNIT)}%` }} />
        {confidence !== null && <span class="confidence" style={{ left: `${at(confidence, UNIT)}%` }} />}
        <span class="end zero">0</span>
        <span class="end one">1</span>
      </div>
      <p>{sentence(trace)}</p>
      <p class="soft small">{decided(trace)}</p>
    </section>
  );
}

/** "confidence 0.981 ≥ τ 0.97: stops at the first answer" */
export function sentence({ gate, trace, logprobs }: TraceDetail): string {
  const { confidence } = trace;
  const end = gate.exits ? 'stops at the first answer' : 'goes on to think';
  if (confidence !== null) {
    const [value, threshold] = apart(confidence, gate.threshold);
    return `confidence ${value} ${confidence >= gate.threshold ? '≥' : '<'} τ ${threshold}: ${end}`;
  }
  return `no confidence, because ${whyNone(trace, logprobs)}: ${end}`;
}

function whyNone(trace: TraceDetail['trace'], logprobs: readonly number[]): string {
  if (trace.fallback) return 'the first answer is the fallback';
  if (trace.first === null) return 'there is no first box';
  if (trace.first.text.trim() === '') return 'the first box is empty';
  return logprobs.length === 0 ? 'the engine gave no log-probabilities' : 'the first box holds no whole token';
}

/** Two numbers, with as many digits as it takes to tell them apart. */
function apart(value: number, threshold: number): [string, string] {
  let digits = 3;
  while (digits < 12 && value !== threshold && value.toFixed(digits) === threshold.toFixed(digits)) digits += 1;
  return [value.toFixed(digits), String(Number(threshold.toFixed(digits)))];
}

function decided({ gate }: TraceDetail): string {
  const { record } = gate;
  if (record === null) return 'The whole trace was generated; the gate is applied to it afterwards.';
  const parts = [
    `Decided ${MODES[record.mode]}: ${record.exited ? 'stopped' : 'went on'}.`,
    `${count(record.wastedTokens)} ${record.wastedTokens === 1 ? 'token was' : 'tokens were'} made and thrown away.`,
  ];
  if (record.second)
    parts.push(
      `The second prompt had ${count(record.second.promptTokens)} tokens, ${
        record.second.cachedTokens === null
          ? 'how many of them cached was not told'
          : `${count(record.second.cachedTokens)} of them cached`
      }.`,
    );
  return parts.join(' ');
}

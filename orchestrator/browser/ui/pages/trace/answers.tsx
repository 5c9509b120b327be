import type { Box, Verdict } from '../../../../records/index.js';
import type { TraceDetail } from '../../../api/index.js';
import { fixed } from '../../shared/format.js';
import { Mark, NoMark } from '../traces/mark.js';

/** Both answers, as they were written, as they were read, and their grades. */
export function Answers({ trace }: { trace: TraceDetail }) {
  return (
    <section>
      <h2>Answers</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Answers and grades">
        <table>
          <thead>
            <tr>
              <th scope="col">Answer</th>
              <th scope="col">Right</th>
              <th scope="col">Text</th>
              <th scope="col">Read as</th>
              <th scope="col">State</th>
              <th scope="col" class="num">
                Value
              </th>
            </tr>
          </thead>
          <tbody>
            <Line name="First" box={trace.trace.first} verdict={trace.verdicts.first} fallback={trace.trace.fallback} />
            <Line name="Second" box={trace.trace.second} verdict={trace.verdicts.second} />
          </tbody>
        </table>
      </section>
    </section>
  );
}

interface LineProps {
  readonly name: string;
  readonly box: Box | null;
  readonly verdict: Verdict | null;
  readonly fallback?: boolean;
}

function Line({ name, box, verdict, fallback = false }: LineProps) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{verdict ? <Mark correct={verdict.correct} state={verdict.state} /> : <NoMark />}</td>
      <td class="text">
        {box === null ? <span class="soft">no such box</span> : <span class="mono">{box.text || '(empty)'}</span>}
        {fallback && <span class="soft small"> (fallback)</span>}
      </td>
      <td class="text">{verdict?.normalised ? <span class="mono">{verdict.normalised}</span> : '–'}</td>
      <td>{verdict?.state ?? '–'}</td>
      <td class="num">{fixed(verdict?.value, 2)}</td>
    </tr>
  );
}

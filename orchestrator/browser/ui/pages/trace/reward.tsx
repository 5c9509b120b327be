import type { TraceDetail } from '../../../api/index.js';
import { signed } from '../../shared/format.js';

/** The sum that makes the reward. */
export function RewardTable({ trace }: { trace: TraceDetail }) {
  const { reward, weights } = trace;
  return (
    <section>
      <h2>Reward</h2>
      {reward === null ? (
        <p class="soft">None: the grader could not judge the answers.</p>
      ) : (
        <table class="sum">
          <tbody>
            <Term name="w₁ · R(a₁)" product={[weights.first, reward.first]} />
            <Term name="w₂ · R(a₂)" product={[weights.second, reward.second]} />
            <Term name="λ · format" product={[weights.format, reward.format]} />
            <Term
              name="fallback"
              value={reward.fallback}
              note={reward.fallback === 0 ? 'not paid' : `α = ${plain(weights.fallback)}`}
            />
            {reward.direct !== undefined && (
              <Term name="direct" value={reward.direct} note="answers without thinking" />
            )}
            <tr class="total">
              <th scope="row">total</th>
              <td />
              <td class="num">= {plain(reward.total)}</td>
            </tr>
          </tbody>
        </table>
      )}
    </section>
  );
}

interface TermProps {
  readonly name: string;
  /** A weight and what it weighs. */
  readonly product?: readonly [number, number];
  readonly value?: number;
  readonly note?: string;
}

function Term({ name, product, value, note }: TermProps) {
  const worth = product ? product[0] * product[1] : (value ?? 0);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="num soft">{product ? `${plain(product[0])} × ${plain(product[1])}` : note}</td>
      <td class="num">{signed(worth, 3)}</td>
    </tr>
  );
}

/** At most three digits behind the point, none that says nothing. */
function plain(value: number): string {
  return String(Number(value.toFixed(3))).replace('-', '−');
}

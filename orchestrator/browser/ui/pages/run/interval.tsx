import type { Estimate } from '../../../api/index.js';
import { NONE, percent, points } from '../../shared/format.js';

/** A share with its 95% interval. */
export function Share({ of }: { of: Estimate | undefined }) {
  if (!of || of.value === null) return <>{NONE}</>;
  const range = of.low === null || of.high === null ? '' : `${bare(of.low)}–${bare(of.high)}`;
  return (
    <span class="estimate" title={`95% interval, n = ${of.n}`}>
      {percent(of.value)}
      <span class="ci">{range}</span>
    </span>
  );
}

function bare(share: number): string {
  return (100 * share).toFixed(1);
}

interface DifferenceProps {
  readonly value: number | null;
  readonly low: number | null | undefined;
  readonly high: number | null | undefined;
  readonly n: number;
}

/** A paired difference with its 95% interval; it has a colour only where the interval leaves out 0. */
export function Difference({ value, low, high, n }: DifferenceProps) {
  if (value === null) return <>{NONE}</>;
  const known = low !== null && low !== undefined && high !== null && high !== undefined;
  const sure = known && low > 0 ? 'up' : known && high < 0 ? 'down' : undefined;
  const title = `95% interval, n = ${n} pairs${known && !sure ? '; it holds 0, so it may be chance' : ''}`;
  return (
    <span class="estimate" title={title}>
      <span class={sure}>{points(value)}</span>
      <span class="ci">{known ? `${points(low)} to ${points(high)}` : 'no interval'}</span>
    </span>
  );
}

import { useState } from 'preact/hooks';
import type { SweepCurve } from '../../../api/index.js';
import { percent } from '../../shared/format.js';
import { NumberInput } from '../../shared/number-input.js';
import { placeAt, recipeLine, thresholdText } from './points.js';

interface ControlsProps {
  readonly curve: SweepCurve;
  readonly chosen: number;
  readonly threshold: number;
  readonly onLook: (threshold: number) => void;
}

/** The threshold by keyboard: the slider steps from point to point, left to fewer tokens as in the figure. */
export function Controls({ curve: { points }, chosen, threshold, onLook }: ControlsProps) {
  const place = placeAt(points, threshold);
  const last = points.length - 1;
  const to = (next: number) => {
    const point = points[Math.max(0, Math.min(last, next))];
    if (point) onLook(point.threshold);
  };
  const here = points[place];
  const said = here
    ? `τ ${thresholdText(here.threshold)}: ${percent(here.accuracy)}, ${here.meanTokens.toFixed(1)} tokens`
    : '';
  return (
    <div class="controls">
      <label class="slide">
        <span class="hidden">Threshold, point by point</span>
        <input
          type="range"
          min={0}
          max={last}
          step={1}
          value={last - place}
          aria-valuetext={said}
          onInput={({ currentTarget }) => to(last - Number(currentTarget.value))}
        />
      </label>
      <div class="row">
        <button type="button" aria-label="One point lower" onClick={() => to(place + 1)} disabled={place >= last}>
          ‹
        </button>
        <label class="value" htmlFor="threshold">
          τ
          <NumberInput
            id="threshold"
            min={0}
            max={1.000001}
            step="any"
            value={threshold}
            onNumber={(typed) => onLook(Math.max(0, Math.min(1.000001, typed)))}
          />
        </label>
        <button type="button" aria-label="One point higher" onClick={() => to(place - 1)} disabled={place <= 0}>
          ›
        </button>
        <button type="button" onClick={() => onLook(chosen)} disabled={threshold === chosen}>
          Back to the chosen τ
        </button>
        <CopyLine line={recipeLine(points, threshold)} />
      </div>
    </div>
  );
}

function CopyLine({ line }: { readonly line: string }) {
  const [copied, setCopied] = useState<string | null>(null);
  const copy = () =>
    navigator.clipboard.writeText(line).then(
      () => setCopied(line),
      () => setCopied(null),
    );
  return (
    <span class="copy">
      <button type="button" onClick={copy}>
        {copied === line ? 'Copied' : 'Copy as recipe line'}
      </button>
      <code>{line}</code>
      <span class="hidden" role="status">
        {copied === line ? 'Copied' : ''}
      </span>
    </span>
  );
}

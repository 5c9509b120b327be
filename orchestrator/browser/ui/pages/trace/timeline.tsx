import type { Span, TraceDetail } from '../../../api/index.js';
import { at, bar, type Scale, seconds, spanText, ticks } from './scale.js';

/** A line of seconds; above it the gold spans and those that were answered, each with its IoU. */
export function Timeline({ trace, scale }: { trace: TraceDetail; scale: Scale }) {
  const { spans, iou } = trace;
  const rows = [
    { name: 'gold', label: 'Gold', spans: spans.gold, iou: null },
    { name: 'first', label: 'First', spans: spans.first, iou: iou.first },
    { name: 'second', label: 'Second', spans: spans.second, iou: iou.second },
  ].filter((row) => row.spans.length > 0);
  return (
    <div class="timeline">
      {rows.map((row) => (
        <SpanRow key={row.name} {...row} scale={scale} />
      ))}
      <div class="axis" aria-hidden="true">
        {ticks(scale).map((tick) => (
          <span key={tick} style={{ left: `${at(tick, scale)}%` }}>
            {seconds(tick)}
          </span>
        ))}
      </div>
    </div>
  );
}

interface SpanRowProps {
  readonly name: string;
  readonly label: string;
  readonly spans: readonly Span[];
  readonly iou: number | null;
  readonly scale: Scale;
}

function SpanRow({ name, label, spans, iou, scale }: SpanRowProps) {
  return (
    <div class={`spans ${name}`}>
      <p class="small">
        <b>{label}</b> {spans.map(spanText).join(', ')}
        {iou !== null && <span class="soft"> · IoU {iou.toFixed(2)}</span>}
      </p>
      <div class="bars" aria-hidden="true">
        {spans.map((span) => (
          <span key={span.join()} style={bar(span, scale)} title={spanText(span)} />
        ))}
      </div>
    </div>
  );
}

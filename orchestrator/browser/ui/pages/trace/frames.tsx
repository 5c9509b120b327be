import type { FramesAnswer, TraceDetail } from '../../../api/index.js';
import { useJson } from '../../shared/api.js';
import { at, closest, type Scale, scaleOf, seconds } from './scale.js';
import { Timeline } from './timeline.js';

/** Pixels of a frame with the gap beside it; trace.css says the same. */
const FRAME = 104;

/** The frames that the model saw, and the spans on the same line of seconds. */
export function Frames({ trace }: { trace: TraceDetail }) {
  const { data, error } = useJson<FramesAnswer>(`/api/traces/${trace.row.id}/frames`);
  const scale = scaleOf(data, trace.spans);
  const spans = [trace.spans.gold, trace.spans.first, trace.spans.second].some((each) => each.length > 0);
  const frames = data?.frames ?? [];
  if (trace.prompt?.modality === 'text' && frames.length === 0 && !spans) return null;
  return (
    <section class="seen" aria-label="Frames">
      {error && <p class="soft small">The frames could not be read: {error.message}</p>}
      {data === undefined && !error && <p class="soft small waiting">Loading the frames…</p>}
      {data && frames.length === 0 && <p class="soft small">No frames: {data.reason ?? 'the model saw none.'}</p>}
      {scale ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <section class="strip" tabIndex={0} aria-label="Frames in time">
          <div class="track" style={{ minWidth: `${trackWidth(frames, scale)}px` }}>
            {frames.length > 0 && <InTime frames={frames} scale={scale} />}
            {spans && <Timeline trace={trace} scale={scale} />}
          </div>
        </section>
      ) : (
        frames.length > 0 && <Pictures frames={frames} />
      )}
    </section>
  );
}

function trackWidth(frames: FramesAnswer['frames'], scale: Scale): number {
  return frames.length > 1 ? Math.min(30_000, Math.ceil(FRAME / closest(frames, scale))) : 0;
}

function InTime({ frames, scale }: { frames: FramesAnswer['frames']; scale: Scale }) {
  return (
    <div class="in-time">
      {frames.map((frame) => (
        <figure key={frame.url} style={{ left: `${at(frame.seconds, scale)}%` }}>
          <img src={frame.url} alt={`frame at ${seconds(frame.seconds)}`} loading="lazy" />
          <figcaption>{seconds(frame.seconds)}</figcaption>
        </figure>
      ))}
    </div>
  );
}

function Pictures({ frames }: { frames: FramesAnswer['frames'] }) {
  return (
    <div class="pictures">
      {frames.map((frame, index) => (
        <img key={frame.url} src={frame.url} alt={`${index + 1} of ${frames.length}`} loading="lazy" />
      ))}
    </div>
  );
}

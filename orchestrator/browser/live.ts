import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { LivePlace } from './reader/live.js';
import type { Ask } from './thread.js';

const INTERVAL_MS = 1000;
/** Something is sent after so long, so that a listener that is gone is noticed. */
const SILENCE_MS = 15_000;

/** GET /api/live: what changed since the last second, until the listener goes. */
export function streamChanges(context: Context, ask: Ask, run: string | undefined): Response {
  return streamSSE(context, async (stream) => {
    let place: LivePlace | undefined;
    let silent = 0;
    while (!stream.aborted && !stream.closed) {
      const answer = await ask('live', { run, place }).catch(() => undefined);
      for (const event of answer?.events ?? []) await stream.writeSSE({ data: JSON.stringify(event) });
      silent = answer === undefined || answer.events.length === 0 ? silent + INTERVAL_MS : 0;
      if (silent >= SILENCE_MS) {
        await stream.write(': nothing changed\n\n');
        silent = 0;
      }
      place = answer?.place ?? place;
      await stream.sleep(INTERVAL_MS);
    }
  });
}

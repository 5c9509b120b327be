import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Lines kept for the error of a process that dies. */
const TAIL_LINES = 60;
/** A line of a program that prints without end is cut here. */
const LINE_LIMIT = 4000;

export interface LogTail {
  readonly lines: readonly string[];
  /** Resolves when all streams have ended. */
  readonly ended: Promise<unknown>;
}

/** Passes each line of the streams on and remembers the last ones. */
export function collectLines(streams: readonly (Readable | null)[], onLine: (line: string) => void): LogTail {
  const lines: string[] = [];
  const keep = (line: string): void => {
    const cut = line.length > LINE_LIMIT ? `${line.slice(0, LINE_LIMIT)}…` : line;
    if (lines.push(cut) > TAIL_LINES) lines.shift();
    onLine(cut);
  };
  return { lines, ended: Promise.all(streams.map((stream) => forEachLine(stream, keep))) };
}

async function forEachLine(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  if (stream === null) return;
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) onLine(line);
}

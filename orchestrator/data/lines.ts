import { createReadStream } from 'node:fs';

/** A line of a manifest; longer ones are no question but another kind of file. */
const MOST_BYTES = 16 * 1024 * 1024;

/** One line of a text file, as bytes so that broken UTF-8 can be told. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** The text without its line break; undefined when it is not UTF-8 or too long. */
  readonly text: string | undefined;
}

/** Streams a file line by line; never holds more than one line and one chunk. */
export async function* readLines(file: string, signal?: AbortSignal): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes: Buffer) => {
    try {
      return bytes.byteLength > MOST_BYTES ? undefined : decoder.decode(bytes);
    } catch {
      return undefined;
    }
  };
  let number = 0;
  let parts: Buffer[] = [];
  let held = 0;
  for await (const chunk of createReadStream(file, signal ? { signal } : {}) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      number += 1;
      yield { number, text: decode(Buffer.concat([...parts, chunk.subarray(from, end)])) };
      parts = [];
      held = 0;
      from = end + 1;
    }
    const rest = chunk.subarray(from);
    // Beyond the limit the bytes are no longer needed: the line is refused whatever they are.
    if (held <= MOST_BYTES) parts.push(rest);
    held += rest.byteLength;
  }
  if (held > 0) yield { number: number + 1, text: decode(Buffer.concat(parts)) };
}

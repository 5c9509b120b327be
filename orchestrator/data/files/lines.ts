import { isUtf8 } from 'node:buffer';

/** A line of a manifest; longer ones are no question but another kind of file. */
export const MOST_BYTES = 16 * 1024 * 1024;
/** So much of a line that is no text is kept to show it. */
const SHOWN_BYTES = 8 * 1024;

/** One line of a text file. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** The text without its line break; what can be shown of it when there is a problem. */
  readonly text: string;
  /** Why it is no text. */
  readonly problem?: string;
  /** The file ends without a line break after it. */
  readonly open?: true;
}

/** Splits bytes into lines; never holds more than one line up to `most` bytes and one chunk. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>, most = MOST_BYTES): AsyncGenerator<Line> {
  let number = 0;
  let start = 0;
  let parts: Buffer[] = [];
  let held = 0;
  const take = (last: Buffer): Line => {
    number += 1;
    const length = held + last.byteLength;
    const bytes = parts.length === 0 ? last : Buffer.concat([...parts, last]);
    const line = length > most ? tooLong(number, bytes, length, most) : lineOf(number, bytes, start);
    parts = [];
    held = 0;
    start += length + 1;
    return line;
  };
  for await (const piece of chunks) {
    const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      yield take(chunk.subarray(from, end));
      from = end + 1;
    }
    const rest = chunk.subarray(from);
    // Beyond the limit the bytes are no longer needed: the line is refused whatever they are.
    if (held <= most) parts.push(rest);
    held += rest.byteLength;
    if (held > most && parts.length > 1) parts = [Buffer.from(Buffer.concat(parts).subarray(0, SHOWN_BYTES))];
  }
  if (held > 0) yield { ...take(Buffer.alloc(0)), open: true };
}

function tooLong(number: number, bytes: Buffer, length: number, most: number): Line {
  const problem = `the line has ${length} bytes; at most ${most} are allowed`;
  return { number, text: shown(bytes), problem };
}

/** `start`: offset of the line in the (unpacked) file. */
function lineOf(number: number, bytes: Buffer, start: number): Line {
  if (!isUtf8(bytes)) {
    const offset = firstBadByte(bytes);
    const byte = (bytes[offset] ?? 0).toString(16).padStart(2, '0');
    const problem = `not UTF-8: byte 0x${byte} at offset ${offset} of the line (${start + offset} of the file)`;
    return { number, text: shown(bytes), problem };
  }
  const nul = bytes.indexOf(0);
  if (nul !== -1) {
    const problem = `a NUL byte at offset ${nul} of the line (${start + nul} of the file)`;
    return { number, text: shown(bytes), problem };
  }
  const text = bytes.toString('utf8');
  // A byte order mark; in the middle of a file it is left from putting files together.
  return { number, text: text.charCodeAt(0) === 0xfeff ? text.slice(1) : text };
}

function shown(bytes: Buffer): string {
  return bytes.toString('utf8', 0, SHOWN_BYTES);
}

/** Where text that was read with replacement characters and written again first differs, the first of them begins. */
function firstBadByte(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString('utf8'));
  let at = 0;
  while (again[at] === bytes[at]) at += 1;
  // The difference may be at the second or third byte of ef bf bd.
  return at - [0xef, 0xbf, 0xbd].indexOf(again[at] ?? 0xef);
}

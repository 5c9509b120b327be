/** Reads bytes as every decoder here must: a byte order mark is text, what is not UTF-8 becomes U+FFFD. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Bytes at the end that begin a character and do not complete it. */
export function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0x80 && byte < 0xc0) continue;
    return expectedLength(byte) > back ? back : 0;
  }
  return 0;
}

/** For each byte position, how many UTF-16 code units are complete by then; a run of invalid bytes is one (U+FFFD). */
export function unitsBefore(bytes: Uint8Array): number[] {
  const units = [0];
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const [length, width] = characterAt(bytes, at);
    for (let inside = 1; inside < length; inside += 1) units.push(count);
    at += length;
    count += width;
    units.push(count);
  }
  return units;
}

/** Bytes of the character that begins there and its UTF-16 code units (Unicode standard, table 3-7). */
function characterAt(bytes: Uint8Array, at: number): [number, number] {
  const lead = bytes[at] ?? 0;
  const length = expectedLength(lead);
  for (let inside = 1; inside < length; inside += 1) {
    const [low, high] = inside === 1 ? secondByteRange(lead) : [0x80, 0xbf];
    const byte = bytes[at + inside] ?? -1;
    if (byte < low || byte > high) return [inside, 1];
  }
  return [length, length === 4 ? 2 : 1];
}

/** 1 for a byte that stands alone, be it ASCII or no beginning of anything. */
function expectedLength(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

function secondByteRange(lead: number): [number, number] {
  if (lead === 0xe0) return [0xa0, 0xbf];
  if (lead === 0xed) return [0x80, 0x9f];
  if (lead === 0xf0) return [0x90, 0xbf];
  return lead === 0xf4 ? [0x80, 0x8f] : [0x80, 0xbf];
}

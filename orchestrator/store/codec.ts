import { endianness } from 'node:os';

/**
 * Number arrays as blobs, little endian, in the narrowest width that loses nothing. The width is not stored: it is the
 * blob's length divided by the number of elements.
 */

const BIG_ENDIAN = endianness() === 'BE';

/** Memory that packed arrays are cut from, one after the other and never again: making an array takes longer than filling it. */
interface Slab {
  readonly bytes: Buffer;
  readonly pairs: Uint16Array;
  readonly words: Uint32Array;
  readonly singles: Float32Array;
  /** Bytes that are given away, a multiple of 4. */
  used: number;
}

/** Small enough to come from the heap, without the zeros that the system gives with new pages. */
const SLAB_BYTES = 1 << 16;
let current = makeSlab(0);

function makeSlab(size: number): Slab {
  const bytes = Buffer.allocUnsafeSlow(size);
  const memory = bytes.buffer;
  const [pairs, words, singles] = [new Uint16Array(memory), new Uint32Array(memory), new Float32Array(memory)];
  return { bytes, pairs, words, singles, used: 0 };
}

/** A slab with room for so many words of 4 bytes. */
function slabFor(words: number): Slab {
  const size = 4 * words;
  if (current.used + size > current.bytes.length) current = makeSlab(Math.max(size, SLAB_BYTES));
  return current;
}

/** The next `count` elements of a slab. */
function take(slab: Slab, count: number, width: number): Buffer {
  const start = slab.used;
  const end = start + count * width;
  slab.used = (end + 3) & ~3;
  const blob = slab.bytes.subarray(start, end);
  return BIG_ENDIAN ? swap(blob, width) : blob;
}

/** Non-negative integers below 2^32, in 1, 2 or 4 bytes each. */
export function packIntegers(values: readonly number[]): Buffer {
  const count = values.length;
  const slab = slabFor(count);
  const { words } = slab;
  const start = slab.used >>> 2;
  let bits = 0;
  for (let place = 0; place < count; place += 1) {
    const value = values[place] as number;
    const word = value >>> 0;
    if (word !== value) throw new RangeError(`${value} is no unsigned 32-bit integer`);
    words[start + place] = word;
    bits |= word;
  }
  const width = widthFor(bits >>> 0);
  if (width < 4) narrow(values, width === 1 ? slab.bytes : slab.pairs, slab.used / width);
  return take(slab, count, width);
}

/** Bytes that hold every number whose bits are among these. */
function widthFor(bits: number): 1 | 2 | 4 {
  if (bits < 0x100) return 1;
  return bits < 0x10000 ? 2 : 4;
}

function narrow(values: readonly number[], target: Uint8Array | Uint16Array, start: number): void {
  for (let place = 0; place < values.length; place += 1) target[start + place] = values[place] as number;
}

export function unpackIntegers(blob: Buffer, count: number): number[] {
  const width = widthOf(blob, count);
  const buffer = alignedCopy(blob, width);
  if (width === 1) return Array.from(new Uint8Array(buffer));
  return Array.from(width === 2 ? new Uint16Array(buffer) : new Uint32Array(buffer));
}

/** Real numbers: 4 bytes each when all of them are single precision (as engines give them), 8 otherwise. */
export function packReals(values: readonly number[]): Buffer {
  const count = values.length;
  const slab = slabFor(count);
  const { singles } = slab;
  const start = slab.used >>> 2;
  for (let place = 0; place < count; place += 1) {
    const value = values[place] as number;
    const single = Math.fround(value);
    if (single !== value && !Number.isNaN(value)) return packDoubles(values);
    singles[start + place] = single;
  }
  return take(slab, count, 4);
}

function packDoubles(values: readonly number[]): Buffer {
  const blob = Buffer.from(new Float64Array(values).buffer);
  return BIG_ENDIAN ? swap(blob, 8) : blob;
}

export function unpackReals(blob: Buffer, count: number): number[] {
  const width = widthOf(blob, count);
  const buffer = alignedCopy(blob, width);
  return Array.from(width === 8 ? new Float64Array(buffer) : new Float32Array(buffer));
}

/** A blob from the database may lie at an odd address, where typed arrays cannot look at it. */
function alignedCopy(blob: Buffer, width: number): ArrayBuffer {
  const copy = new Uint8Array(blob).buffer;
  if (BIG_ENDIAN) swap(Buffer.from(copy), width);
  return copy;
}

function swap(buffer: Buffer, width: number): Buffer {
  if (width === 2) return buffer.swap16();
  if (width === 4) return buffer.swap32();
  return width === 8 ? buffer.swap64() : buffer;
}

/** An empty list may go with any count: a rollout without log-probs has none at all. */
function widthOf(blob: Buffer, count: number): number {
  if (blob.length === 0) return 4;
  const width = blob.length / count;
  if (![1, 2, 4, 8].includes(width)) throw new Error(`a blob of ${blob.length} bytes does not hold ${count} numbers`);
  return width;
}

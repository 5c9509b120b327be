import { endianness } from 'node:os';
import type { Box, Trace } from '../records/index.js';

/**
 * Number arrays as blobs, little endian, in the narrowest width that loses nothing. The width is not stored: it is the
 * blob's length divided by the number of elements.
 */

const BIG_ENDIAN = endianness() === 'BE';

/** Non-negative integers below 2^32, in 1, 2 or 4 bytes each. */
export function packIntegers(values: readonly number[]): Buffer {
  let max = 0;
  for (const value of values) {
    if (value >>> 0 !== value) throw new RangeError(`${value} is no unsigned 32-bit integer`);
    if (value > max) max = value;
  }
  const type = max < 0x100 ? Uint8Array : max < 0x10000 ? Uint16Array : Uint32Array;
  const array = allocate(type, values.length);
  for (let place = 0; place < values.length; place += 1) array[place] = values[place] as number;
  return bytesOf(array);
}

export function unpackIntegers(blob: Buffer, count: number): number[] {
  const width = widthOf(blob, count);
  const buffer = alignedCopy(blob, width);
  if (width === 1) return Array.from(new Uint8Array(buffer));
  return Array.from(width === 2 ? new Uint16Array(buffer) : new Uint32Array(buffer));
}

/** Real numbers: 4 bytes each when all of them are single precision (as engines give them), 8 otherwise. */
export function packReals(values: readonly number[]): Buffer {
  const array = allocate(Float32Array, values.length);
  for (let place = 0; place < values.length; place += 1) {
    const value = values[place] as number;
    array[place] = value;
    if (array[place] !== value && !Number.isNaN(value)) return bytesOf(new Float64Array(values));
  }
  return bytesOf(array);
}

export function unpackReals(blob: Buffer, count: number): number[] {
  const width = widthOf(blob, count);
  const buffer = alignedCopy(blob, width);
  return Array.from(width === 8 ? new Float64Array(buffer) : new Float32Array(buffer));
}

type PackedType = typeof Uint8Array | typeof Uint16Array | typeof Uint32Array | typeof Float32Array;
type Packed = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

/** An array in Node's pool of small buffers: one of its own takes longer to make than to fill. */
function allocate<Type extends PackedType>(type: Type, length: number): InstanceType<Type> {
  const { buffer, byteOffset } = Buffer.allocUnsafe(length * type.BYTES_PER_ELEMENT);
  const aligned = byteOffset % type.BYTES_PER_ELEMENT === 0;
  return (aligned ? new type(buffer, byteOffset, length) : new type(length)) as InstanceType<Type>;
}

function bytesOf(array: Packed): Buffer {
  const buffer = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return BIG_ENDIAN ? swap(buffer, array.BYTES_PER_ELEMENT) : buffer;
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

type PackedBox = Omit<Box, 'text'> & { readonly text?: string };

/** A trace without the texts that stand in the completion anyway. */
interface PackedTrace extends Omit<Trace, 'first' | 'second' | 'think'> {
  readonly first: PackedBox | null;
  readonly second: PackedBox | null;
  /** `[start, end)` in the completion, or the text when it is not found there. */
  readonly think: readonly [number, number] | string | null;
}

export function packTrace(trace: Trace, completion: string): string {
  const packed: PackedTrace = {
    ...trace,
    first: packBox(trace.first, completion),
    second: packBox(trace.second, completion),
    think: packThink(trace.think, completion),
  };
  return JSON.stringify(packed);
}

export function unpackTrace(json: string, completion: string): Trace {
  const packed = JSON.parse(json) as PackedTrace;
  const think = Array.isArray(packed.think)
    ? completion.slice(packed.think[0], packed.think[1])
    : (packed.think as string | null);
  return { ...packed, first: unpackBox(packed.first, completion), second: unpackBox(packed.second, completion), think };
}

function packBox(box: Box | null, completion: string): PackedBox | null {
  if (box === null || box.text !== completion.slice(box.charStart, box.charEnd)) return box;
  const { charStart, charEnd, tokenStart, tokenEnd } = box;
  return { charStart, charEnd, tokenStart, tokenEnd };
}

function unpackBox(box: PackedBox | null, completion: string): Box | null {
  return box === null ? null : { text: completion.slice(box.charStart, box.charEnd), ...box };
}

function packThink(think: string | null, completion: string): PackedTrace['think'] {
  if (think === null) return null;
  const start = completion.indexOf(think);
  return start < 0 ? think : [start, start + think.length];
}

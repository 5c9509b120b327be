import { endianness } from 'node:os';

/**
 * Rows by their keys; equal ones stay in their order, and those without a key (NaN) come last, either way round. A radix sort over
 * the bits of the keys: a comparison function would be called millions of times for some hundred thousand rows.
 */
export function sortRows(rows: Uint32Array, keys: ArrayLike<number>, order: 'asc' | 'desc'): Uint32Array {
  const { known, unknown } = parted(rows, keys);
  const { low, high } = sortableBits(known, keys, order);
  let places = new Uint32Array(known.length);
  for (let place = 0; place < places.length; place += 1) places[place] = place;
  for (const digits of [low, high]) for (const shift of [0, 16]) places = dealt(places, digits, shift);
  const sorted = new Uint32Array(rows.length);
  for (let place = 0; place < places.length; place += 1) sorted[place] = known[places[place] ?? 0] ?? 0;
  sorted.set(unknown, known.length);
  return sorted;
}

/** Where the top half of a number lies: its bytes are in the machine's order. */
const TOP = endianness() === 'LE' ? 1 : 0;

/** Rows with a key, and those without. */
function parted(rows: Uint32Array, keys: ArrayLike<number>) {
  const [known, unknown] = [new Uint32Array(rows.length), new Uint32Array(rows.length)];
  let [numbers, others] = [0, 0];
  for (let place = 0; place < rows.length; place += 1) {
    const row = rows[place] ?? 0;
    if (Number.isNaN(keys[row] ?? Number.NaN)) unknown[others++] = row;
    else known[numbers++] = row;
  }
  return { known: known.subarray(0, numbers), unknown: unknown.subarray(0, others) };
}

/** Both halves of each key's bits, changed so that they are in order as whole numbers when the keys are (IEEE 754). */
function sortableBits(rows: Uint32Array, keys: ArrayLike<number>, order: 'asc' | 'desc') {
  const [low, high] = [new Uint32Array(rows.length), new Uint32Array(rows.length)];
  const number = new Float64Array(1);
  const halves = new Uint32Array(number.buffer);
  const turn = order === 'asc' ? 0 : 0xffffffff;
  for (let place = 0; place < rows.length; place += 1) {
    // Plus 0: there is one zero.
    number[0] = (keys[rows[place] ?? 0] ?? 0) + 0;
    const [top, bottom] = [halves[TOP] ?? 0, halves[1 - TOP] ?? 0];
    const negative = top >>> 31 === 1;
    high[place] = (negative ? ~top : top ^ 0x80000000) ^ turn;
    low[place] = (negative ? ~bottom : bottom) ^ turn;
  }
  return { low, high };
}

/** The places by sixteen bits of their digits; equal ones stay in their order. */
function dealt(places: Uint32Array<ArrayBuffer>, digits: Uint32Array, shift: number): Uint32Array<ArrayBuffer> {
  const next = new Uint32Array(0x10001);
  for (let place = 0; place < digits.length; place += 1) {
    const after = (((digits[place] ?? 0) >>> shift) & 0xffff) + 1;
    next[after] = (next[after] ?? 0) + 1;
  }
  // All alike, as the low bits of whole numbers are.
  const one = ((digits[0] ?? 0) >>> shift) & 0xffff;
  if (next[one + 1] === digits.length) return places;
  for (let digit = 1; digit < next.length; digit += 1) next[digit] = (next[digit] ?? 0) + (next[digit - 1] ?? 0);
  const sorted = new Uint32Array(places.length);
  for (let place = 0; place < places.length; place += 1) {
    const from = places[place] ?? 0;
    const digit = ((digits[from] ?? 0) >>> shift) & 0xffff;
    const to = next[digit] ?? 0;
    sorted[to] = from;
    next[digit] = to + 1;
  }
  return sorted;
}

/**
 * Rows by their keys; equal ones stay in their order, and those withoutKey a key (NaN) come last, either way round. Keys are sorted
 * as numbers, withoutKey a comparison function, and rows are then dealt out by the rank of theirs. Plain loops: over hundreds of
 * thousands of rows, callbacks are most of the time.
 */
export function sortRows(rows: Uint32Array, keys: ArrayLike<number>, order: 'asc' | 'desc'): Uint32Array {
  const { known, unknown } = parted(rows, keys);
  const values = distinct(keysOf(known, keys));
  const ranks = new Uint32Array(known.length);
  for (let place = 0; place < known.length; place += 1) {
    const rank = rankOf(values, keys[known[place] ?? 0] ?? 0);
    ranks[place] = order === 'asc' ? rank : values.length - 1 - rank;
  }
  const next = startsOf(ranks, values.length);
  const sorted = new Uint32Array(rows.length);
  for (let place = 0; place < known.length; place += 1) {
    const rank = ranks[place] ?? 0;
    const to = next[rank] ?? 0;
    sorted[to] = known[place] ?? 0;
    next[rank] = to + 1;
  }
  sorted.set(unknown, known.length);
  return sorted;
}

/** Rows with a key, and those withoutKey. */
function parted(rows: Uint32Array, keys: ArrayLike<number>) {
  const [known, unknown] = [new Uint32Array(rows.length), new Uint32Array(rows.length)];
  let [withKey, withoutKey] = [0, 0];
  for (let place = 0; place < rows.length; place += 1) {
    const row = rows[place] ?? 0;
    if (Number.isNaN(keys[row] ?? Number.NaN)) unknown[withoutKey++] = row;
    else known[withKey++] = row;
  }
  return { known: known.subarray(0, withKey), unknown: unknown.subarray(0, withoutKey) };
}

/** Rising. */
function keysOf(rows: Uint32Array, keys: ArrayLike<number>): Float64Array {
  const values = new Float64Array(rows.length);
  for (let place = 0; place < rows.length; place += 1) values[place] = keys[rows[place] ?? 0] ?? 0;
  return values.sort();
}

function distinct(sorted: Float64Array): Float64Array {
  let length = 0;
  for (let place = 0; place < sorted.length; place += 1) {
    const value = sorted[place] ?? 0;
    if (length > 0 && sorted[length - 1] === value) continue;
    sorted[length] = value;
    length += 1;
  }
  return sorted.subarray(0, length);
}

/** The place of a value that is among them. */
function rankOf(values: Float64Array, value: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where the rows of each rank begin. */
function startsOf(ranks: Uint32Array, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1);
  for (let place = 0; place < ranks.length; place += 1) {
    const after = (ranks[place] ?? 0) + 1;
    starts[after] = (starts[after] ?? 0) + 1;
  }
  for (let rank = 1; rank <= count; rank += 1) starts[rank] = (starts[rank] ?? 0) + (starts[rank - 1] ?? 0);
  return starts;
}

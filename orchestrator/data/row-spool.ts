import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import type { ReadRow } from './source.js';

/** Bytes that are written or read at a time. */
const CHUNK = 1 << 20;

/** Good rows in their order. An array of them is one, too. */
export interface Rows extends Iterable<ReadRow> {
  readonly length: number;
}

/** Takes rows one by one, and gives them again when all are there. */
export interface RowKeeper {
  add(row: ReadRow): void;
  rows(): Rows;
}

/** Keeps rows in memory. */
export function inMemory(): RowKeeper {
  const rows: ReadRow[] = [];
  return { add: (row) => void rows.push(row), rows: () => rows };
}

/** Keeps rows in a file of one JSON object a line, which is the caller's to remove. */
export function inFile(file: string): RowKeeper {
  const handle = openSync(file, 'w');
  let length = 0;
  let waiting = '';
  const flush = () => {
    if (waiting !== '') writeFileSync(handle, waiting);
    waiting = '';
  };
  return {
    add(row) {
      length += 1;
      waiting += `${JSON.stringify(row)}\n`;
      if (waiting.length >= CHUNK) flush();
    },
    rows() {
      flush();
      closeSync(handle);
      return { length, [Symbol.iterator]: () => rowsOf(file) };
    },
  };
}

function* rowsOf(file: string): Generator<ReadRow> {
  const handle = openSync(file, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    let rest = Buffer.alloc(0);
    for (;;) {
      const count = readSync(handle, chunk, 0, CHUNK, null);
      if (count === 0) return;
      const data = Buffer.concat([rest, chunk.subarray(0, count)]);
      const end = data.lastIndexOf(10) + 1;
      rest = data.subarray(end);
      for (const line of data.toString('utf8', 0, end).split('\n')) if (line !== '') yield JSON.parse(line) as ReadRow;
    }
  } finally {
    closeSync(handle);
  }
}

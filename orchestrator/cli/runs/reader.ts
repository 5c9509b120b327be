import { join, resolve } from 'node:path';
import { openReader, type Reader } from '../../browser/reader/index.js';
import { Refusal } from '../../browser/reader/refusal.js';
import { UserError } from '../../errors.js';

/** The store of a runs folder. */
export function storeFile(runs: string): string {
  return join(resolve(runs), 'vauto.db');
}

/** Opens what the run browser reads with, hands it on and closes it. What it refuses is told as wrong usage. */
export function withReader<Result>(runs: string, use: (reader: Reader) => Result): Result {
  const reader = openReader(storeFile(runs));
  try {
    return use(reader);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message, fix } = error;
    if (code === 'bad-query' || fix === undefined) throw usageError(message, 'see --help');
    throw new UserError({ code, kind: 'usage', message, fix });
  } finally {
    reader.close();
  }
}

export function usageError(message: string, fix: string): UserError {
  return new UserError({ code: 'usage', kind: 'usage', message, fix });
}

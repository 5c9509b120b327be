import { hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { UserError } from '../errors.js';
import { fromRecording, type Recording, type Rollout, recordingSchema } from '../records/index.js';
import { Offsets } from './offsets.js';

/** Bytes read at a time, and the longest line. */
const CHUNK = 1 << 20;
const MOST_LINE = 1 << 26;
/** Bytes read at a time to find one line again. */
const LINE = 1 << 12;

/** Recorded rollouts in a file. Only where each one stands is kept in memory, 32 to 64 bytes each. */
export interface Recordings {
  readonly size: number;
  /** What the file says of a stage, prompt, place in the group and seed; the last line counts. */
  find(stage: string, of: Name): Rollout | undefined;
  close(): void;
}

type Name = Pick<Rollout, 'promptId' | 'index' | 'seed'>;

/** Reads a file of recordings once, checking every line. Throws UserErrors `bad-recording` with file and line. */
export async function openRecordings(file: string): Promise<Recordings> {
  const starts = new Offsets();
  let line = 0;
  for await (const { start, bytes } of linesOf(file)) {
    line += 1;
    const row = parseLine(file, line, bytes);
    if (row !== undefined) starts.set(hashOf(row.stage, nameOf(row)), start);
  }
  const handle = openSync(file, 'r');
  return {
    size: starts.size,
    find(stage, of) {
      const start = starts.get(hashOf(stage, of));
      if (start === undefined) return undefined;
      const row = JSON.parse(lineAt(handle, start).toString('utf8')) as Recording;
      // Two names with one hash: the earlier line is hidden, and must not pass for the other.
      return hashInput(row.stage, nameOf(row)) === hashInput(stage, of) ? fromRecording(row) : undefined;
    },
    close: () => closeSync(handle),
  };
}

const nameOf = ({ prompt_id: promptId, index, seed }: Recording): Name => ({ promptId, index, seed });

function hashInput(stage: string, { promptId, index, seed }: Name): string {
  return JSON.stringify([stage, promptId, index, seed]);
}

/** 48 bits, which a plain number holds. */
function hashOf(stage: string, name: Name): number {
  return hash('sha1', hashInput(stage, name), 'buffer').readUIntBE(0, 6);
}

function lineAt(handle: number, start: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const buffer = Buffer.allocUnsafe(LINE);
    const count = readSync(handle, buffer, 0, buffer.length, at);
    const end = buffer.subarray(0, count).indexOf(10);
    parts.push(buffer.subarray(0, end < 0 ? count : end));
    if (end >= 0 || count === 0) return Buffer.concat(parts);
    at += count;
  }
}

/** Undefined for an empty line. */
function parseLine(file: string, line: number, bytes: Buffer): Recording | undefined {
  const text = bytes.toString('utf8').trim();
  if (text === '') return undefined;
  const fail = (what: string) =>
    new UserError({
      code: 'bad-recording',
      kind: 'data',
      message: `no recorded rollout: ${what}`,
      place: { file, line, column: 1 },
      fix: 'use a file that vauto runs export --rollouts has written, whole',
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw fail((error as Error).message);
  }
  const parsed = recordingSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw fail(`${issue?.path.join('.')}: ${issue?.message}`);
}

/** Lines of a file with the byte at which each begins. */
async function* linesOf(file: string): AsyncGenerator<{ readonly start: number; readonly bytes: Buffer }> {
  const handle = await open(file, 'r');
  try {
    let rest = Buffer.alloc(0);
    let start = 0;
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK);
      if (bytesRead === 0) break;
      let data = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
        yield { start, bytes: data.subarray(0, end) };
        start += end + 1;
        data = data.subarray(end + 1);
      }
      rest = data;
      if (rest.length > MOST_LINE) break;
    }
    if (rest.length > 0) yield { start, bytes: rest };
  } finally {
    await handle.close();
  }
}

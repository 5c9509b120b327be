/** The index is a file beside the store. It may be deleted at any time, or made anew in the place of an older one. */
import { existsSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import Database from 'better-sqlite3';
import { explain } from '../explain.js';
import { openReader } from '../open.js';

/** Another number makes the index anew. */
const FORMAT = 3;
const TIMEOUT_MS = 5000;

export const TOKENIZE = 'unicode61 remove_diacritics 2';

const SCHEMA = `
  -- One column, as a filter by columns makes every search slower: a completion, tokens for its run and its block, the question.
  CREATE VIRTUAL TABLE words USING fts5(text, content='', contentless_delete=1, tokenize='${TOKENIZE}');
  -- How far each stage is indexed; its start tells it from another that got its number.
  CREATE TABLE progress (stage INTEGER PRIMARY KEY, run INTEGER NOT NULL, started_at TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, rows INTEGER NOT NULL);
  PRAGMA user_version = ${FORMAT};`;

export function searchFile(storeFile: string): string {
  return resolve(storeFile).replace(/(\.db)?$/, '.search.db');
}

/** Ids that share a token: what a search in a large run takes at a time. */
export const BLOCK = 32_768;

/** Words that nobody types, as they begin with a private letter: a number follows, of the run or of the block. */
export const [RUN_TOKEN, BLOCK_TOKEN] = ['\u{e000}run', '\u{e000}block'];

/** Tells one index from another that was made in its place; undefined while there is none. */
export function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}

export function removeIndex(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
}

/** For writing, with the store attached. It is made anew when it is of another format. */
export function openForBuilding(file: string, storeFile: string): Database.Database {
  // Makes sure that the store is there, and of this schema.
  openReader(resolve(storeFile), TIMEOUT_MS).close();
  try {
    const found = existsSync(file) ? formatOf(file) : 0;
    if (found !== 0 && found !== FORMAT) removeIndex(file);
    const db = new Database(file, { timeout: TIMEOUT_MS });
    db.pragma('journal_mode = WAL');
    const make = db.transaction(() => {
      if (db.pragma('user_version', { simple: true }) !== FORMAT) db.exec(SCHEMA);
    });
    make.immediate();
    db.pragma('synchronous = OFF');
    db.prepare('ATTACH ? AS store').run(resolve(storeFile));
    return db;
  } catch (error) {
    throw explain(error, file);
  }
}

function formatOf(file: string): unknown {
  const db = new Database(file, { readonly: true, timeout: TIMEOUT_MS });
  const format = db.pragma('user_version', { simple: true });
  db.close();
  return format;
}

/** For reading, whatever becomes of the file. */
export class IndexFile {
  #db: Database.Database | undefined;
  #inode: number | undefined;

  constructor(readonly file: string) {}

  /** Of the index that was opened last. */
  get inode(): number | undefined {
    return this.#inode;
  }

  /** The index that stands there now; undefined without one of this format. */
  open(): Database.Database | undefined {
    const found = inodeOf(this.file);
    if (found === this.#inode && this.#db !== undefined) return this.#db;
    this.close();
    if (found === undefined) return undefined;
    const db = new Database(this.file, { readonly: true, timeout: TIMEOUT_MS });
    if (db.pragma('user_version', { simple: true }) === FORMAT) this.#db = db;
    else db.close();
    this.#inode = found;
    return this.#db;
  }

  close(): void {
    this.#db?.close();
    this.#db = undefined;
  }
}

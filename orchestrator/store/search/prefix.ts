import type Database from 'better-sqlite3';
import { TOKENIZE } from './file.js';

const TABLES = `
  CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, words, instance);
  CREATE VIRTUAL TABLE IF NOT EXISTS temp.typed USING fts5(text, content='', tokenize='${TOKENIZE}');
  CREATE VIRTUAL TABLE IF NOT EXISTS temp.folded USING fts5vocab(temp, typed, instance);`;
const NEXT_WORD = 'SELECT term FROM temp.vocabulary WHERE term >= ? LIMIT 1';
/** With more words than these a prefix is left to FTS5. */
const MOST_WORDS = 200;

/** The words of the index that begin with what was typed; undefined when they are too many, or more than one word was typed. */
export function wordsOf(db: Database.Database, typed: string): string[] | undefined {
  db.exec(TABLES);
  const [prefix, more] = foldedBy(db, typed);
  if (prefix === undefined || more !== undefined) return undefined;
  const next = db.prepare(NEXT_WORD).pluck();
  const words: string[] = [];
  for (let from = prefix; words.length <= MOST_WORDS; ) {
    const word = next.get(from) as string | undefined;
    if (word?.startsWith(prefix) !== true) return words;
    words.push(word);
    // No word stands between this one and what comes behind it.
    from = `${word}\u0001`;
  }
  return undefined;
}

/** As the index folds it: in small letters, without accents. Only the index itself knows all the rules. */
function foldedBy(db: Database.Database, typed: string): string[] {
  db.prepare('INSERT INTO temp.typed (rowid, text) VALUES (1, ?)').run(typed);
  const words = db.prepare('SELECT term FROM temp.folded').pluck().all() as string[];
  db.exec("INSERT INTO temp.typed (typed) VALUES ('delete-all')");
  return words;
}

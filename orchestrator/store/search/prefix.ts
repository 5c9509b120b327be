import type Database from 'better-sqlite3';

const VOCABULARY = 'CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, words, instance)';
const NEXT_WORD = 'SELECT term FROM temp.vocabulary WHERE term >= ? LIMIT 1';
/** With more words than these a prefix is left to FTS5. */
const MOST_WORDS = 200;

/** The words of the index that begin so; undefined when they are too many. */
export function wordsOf(db: Database.Database, prefix: string): string[] | undefined {
  db.exec(VOCABULARY);
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

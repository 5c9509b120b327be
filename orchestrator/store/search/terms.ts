/**
 * A search as people type it, as an FTS5 query: every word has to be there; "several words" stand together; word* is the
 * beginning of a word. Nothing else has a meaning, so nothing that is typed is an error.
 * `wordsOf`: the words that begin so: FTS5 gathers all places of such words first, also those of other runs, which takes
 * longer than all the rest.
 */
export function searchTerms(
  query: string,
  wordsOf: (prefix: string) => string[] | undefined = () => undefined,
): string {
  const terms = query.match(/"[^"]*"?|[^\s"]+/g) ?? [];
  const quoted = terms.flatMap((term) => {
    const isPrefix = /^[^"].*\*$/.test(term);
    const words = term.replaceAll('"', ' ').replace(/\*+$/, '').trim();
    if (!/[\p{L}\p{N}]/u.test(words)) return [];
    const begun = isPrefix ? wordsOf(words) : undefined;
    if (begun !== undefined && begun.length > 0) return [`(${begun.map((word) => `"${word}"`).join(' OR ')})`];
    return [`"${words}"${isPrefix ? '*' : ''}`];
  });
  // Without any word: what no text has.
  return quoted.length === 0 ? '"\u0001"' : `(${quoted.join(' AND ')})`;
}

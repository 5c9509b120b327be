/** The known word nearest to `word`, when it is near enough to be meant; a change of case or of `_`, `-` counts as nothing. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = simplify(word);
  const limit = Math.max(1, Math.floor(plain.length / 3));
  let best: { known: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(plain, simplify(candidate));
    if (distance <= limit && distance < (best?.distance ?? Number.POSITIVE_INFINITY))
      best = { known: candidate, distance };
  }
  return best?.known;
}

/** `did you mean "x"? allowed: a, b, x`, with long lists cut to what lies near. */
export function suggestion(word: string, allowed: readonly string[], most = 32): string {
  const close = nearest(word, allowed);
  const meant = close === undefined ? '' : `did you mean "${close}"? `;
  if (allowed.length > most)
    return close === undefined ? `there are ${allowed.length} names to choose from` : meant.trim();
  return `${meant}allowed: ${allowed.join(', ')}`;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(at(current, column - 1) + 1, at(last, column) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}

function simplify(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, '');
}

/** Commands whose only effect is how their argument looks. */
const WRAPPER =
  /\\(?:text(?:bf|it|rm|sf|tt|up|normal)?|math(?:rm|bf|it|sf|tt|bb|cal)|bm|mbox|hbox|operatorname\*?|boldsymbol|emph|underline)\s*\{([^{}]*)\}/g;

/** Takes away wrappers such as `\text{…}` around what they hold, inner ones first. */
export function withoutWrappers(text: string): string {
  // Each round removes a level; the number of rounds is bounded so that the cost stays linear.
  let result = text;
  for (let round = 0; round < 4 && result.includes('\\'); round += 1) {
    const next = result.replace(WRAPPER, '$1');
    if (next === result) break;
    result = next;
  }
  return result;
}

/** Delimiters of mathematics around the whole text: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`. */
export function withoutDelimiters(text: string): string {
  let result = text.trim();
  for (let round = 0; round < 4; round += 1) {
    const next = inner(result);
    if (next === undefined) return result;
    result = next.trim();
  }
  return result;
}

function inner(text: string): string | undefined {
  for (const [open, close] of [
    ['$$', '$$'],
    ['$', '$'],
    ['\\(', '\\)'],
    ['\\[', '\\]'],
  ] as const) {
    if (text.length > open.length + close.length && text.startsWith(open) && text.endsWith(close)) {
      const content = text.slice(open.length, -close.length);
      // "$5 and $6$" is not one formula.
      if (!content.includes(open) && !content.includes(close)) return content;
    }
  }
  return undefined;
}

/** Words with single spaces: there is nothing to take away. */
const PLAIN = /^[A-Za-z0-9]+(?: [A-Za-z0-9]+)*$/;

/**
 * What a person reads: full-width letters made plain, LaTeX and Markdown wrappers, quotes and the closing full stop or
 * exclamation mark taken away, white space collapsed. Applying it twice changes nothing.
 */
export function readable(text: string): string {
  if (PLAIN.test(text)) return text;
  let result = text;
  // What one layer hid (a full stop inside quotes) shows in the next round.
  for (let round = 0; round < 8; round += 1) {
    const next = readOnce(result);
    if (next === result) break;
    result = next;
  }
  return result;
}

function readOnce(text: string): string {
  return withoutDelimiters(withoutWrappers(text.normalize('NFKC')))
    .replace(/\\[,;:! ]|~|\u200b/g, ' ')
    .replace(/\*\*|__|`/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^["'“”‘’]([^"'“”‘’]*)["'“”‘’]$/, '$1')
    .replace(/(?<=[^.\s])\s*[.。!！]$/, '')
    .trim();
}

/** The readable text without regard to case. */
export function folded(text: string): string {
  return readable(text).toLowerCase();
}

/** A `\boxed{…}` that is closed. Offsets are UTF-16 code units, ends exclusive. */
export interface FoundBox {
  /** Trimmed content; boxes that hold nothing but another box are unwrapped. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The whole construct, from the backslash to behind the closing brace. */
  readonly outerStart: number;
  readonly outerEnd: number;
}

const OPENER = /\\boxed\s*\{/y;

interface Frame {
  /** Where the construct begins, for a box; -1 for a plain brace. */
  readonly outerStart: number;
  readonly contentStart: number;
}

/**
 * All closed boxes between `from` and `to` that stand in no other closed box, in order. Braces may nest to any depth;
 * escaped braces (`\{`) are content. One pass: linear in the length of the text, whatever is left open in it.
 */
export function findBoxes(text: string, from = 0, to = text.length): FoundBox[] {
  const open: Frame[] = [];
  const closed: FoundBox[] = [];
  for (let at = from; at < to; at += 1) {
    const char = text[at];
    if (char === '\\') {
      OPENER.lastIndex = at;
      const length = OPENER.exec(text)?.[0].length ?? 0;
      if (length > 0 && at + length <= to) open.push({ outerStart: at, contentStart: at + length });
      at += length > 0 ? length - 1 : 1;
    } else if (char === '{') {
      open.push({ outerStart: -1, contentStart: at + 1 });
    } else if (char === '}') {
      const frame = open.pop();
      if (frame && frame.outerStart >= 0) close(text, closed, frame, at);
    }
  }
  return closed;
}

/** Adds the box that ends at `end`; the boxes inside it are content now, and one that fills it is its content. */
function close(text: string, closed: FoundBox[], frame: Frame, end: number): void {
  let inner: FoundBox | undefined;
  while ((closed.at(-1)?.outerStart ?? -1) >= frame.contentStart) inner = closed.pop();
  const [start, stop] = trim(text, frame.contentStart, end);
  const outer = { outerStart: frame.outerStart, outerEnd: end + 1 };
  // `inner` is the leftmost box inside, so it fills the content only when it is the only one.
  if (inner && inner.outerStart === start && inner.outerEnd === stop) closed.push({ ...inner, ...outer });
  else closed.push({ text: text.slice(start, stop), start, end: stop, ...outer });
}

function trim(text: string, from: number, to: number): [number, number] {
  let [start, end] = [from, to];
  while (start < end && isSpace(text.charAt(start))) start += 1;
  while (end > start && isSpace(text.charAt(end - 1))) end -= 1;
  return [start, end];
}

function isSpace(char: string): boolean {
  return char.trim() === '';
}

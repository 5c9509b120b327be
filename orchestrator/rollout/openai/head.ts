const OPENER = /\\boxed\s*\{/y;
const OPENER_BEGUN = /\\(?:b(?:o(?:x(?:e(?:d\s*)?)?)?)?)?$/y;
const TAGS = ['<think>', '</think>'];

/**
 * Follows a completion while it grows, until its first answer is decided: a box has closed that lies in no other open box, or
 * the first think tag is there. Reads each character once, and what it finds does not depend on how the text is cut into
 * pieces. The rules are those of orchestrator/answer, which then reads the text up to `end`.
 */
export class HeadWatcher {
  #rest = '';
  /** Characters before `#rest`. */
  #read = 0;
  /** Open braces, from the outside in; true for a box's. */
  readonly #open: boolean[] = [];
  #openBoxes = 0;
  #end: number | undefined;

  /** Where the first answer was decided, in UTF-16 code units of the whole text; undefined as long as it is not. */
  get end(): number | undefined {
    return this.#end;
  }

  /** Takes the next piece of the text. */
  push(piece: string): void {
    if (this.#end !== undefined) return;
    this.#rest += piece;
    let at = 0;
    while (at < this.#rest.length && this.#end === undefined) {
      const length = this.#take(at);
      if (length === 0) break;
      at += length;
    }
    this.#read += at;
    this.#rest = this.#rest.slice(at);
  }

  /** Reads what begins at `at`; characters read, 0 when more text is needed to know. */
  #take(at: number): number {
    switch (this.#rest[at]) {
      case '\\':
        return this.#takeBackslash(at);
      case '<':
        return this.#takeTag(at);
      case '{':
        this.#open.push(false);
        return 1;
      case '}':
        this.#close(at);
        return 1;
      default:
        return 1;
    }
  }

  #close(at: number): void {
    if (!this.#open.pop()) return;
    this.#openBoxes -= 1;
    if (this.#openBoxes === 0) this.#end = this.#read + at + 1;
  }

  #takeBackslash(at: number): number {
    OPENER.lastIndex = at;
    const opener = OPENER.exec(this.#rest)?.[0];
    if (opener !== undefined) {
      this.#open.push(true);
      this.#openBoxes += 1;
      return opener.length;
    }
    OPENER_BEGUN.lastIndex = at;
    if (OPENER_BEGUN.test(this.#rest)) return 0;
    // The next character is escaped: no brace, but it may still begin a tag.
    return this.#rest[at + 1] === '<' ? 1 : 2;
  }

  #takeTag(at: number): number {
    const begun = this.#rest.slice(at, at + 8);
    const tag = TAGS.find((candidate) => begun.startsWith(candidate));
    if (tag !== undefined) this.#end = this.#read + at + tag.length;
    else if (TAGS.some((candidate) => candidate.startsWith(begun))) return 0;
    return tag?.length ?? 1;
  }
}

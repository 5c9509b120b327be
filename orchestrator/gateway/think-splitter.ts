const OPEN = '<think>';
const CLOSE = '</think>';

/**
 * Takes the thinking out of a completion while it grows: what stands between the first `<think>` and the next `</think>`. Gives
 * nothing out that may still be the beginning of a tag; what it finds does not depend on how the text is cut.
 */
export class ThinkSplitter {
  #state: 'before' | 'inside' | 'behind' = 'before';
  #rest = '';

  /** Text of the thinking that this piece completes. */
  push(piece: string): string {
    if (this.#state === 'behind') return '';
    this.#rest += piece;
    if (this.#state === 'before') {
      const open = this.#rest.indexOf(OPEN);
      if (open < 0) {
        this.#rest = this.#rest.slice(-(OPEN.length - 1));
        return '';
      }
      this.#state = 'inside';
      this.#rest = this.#rest.slice(open + OPEN.length);
    }
    const close = this.#rest.indexOf(CLOSE);
    const known = close >= 0 ? close : this.#rest.length - begunTag(this.#rest);
    const thought = this.#rest.slice(0, known);
    this.#rest = this.#rest.slice(known);
    if (close >= 0) this.#state = 'behind';
    return thought;
  }

  /** What was held back when the completion ended inside its thinking. */
  end(): string {
    const left = this.#state === 'inside' ? this.#rest : '';
    this.#rest = '';
    return left;
  }
}

/** Length of the longest end of the text that begins the closing tag. */
function begunTag(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length -= 1)
    if (CLOSE.startsWith(text.slice(-length))) return length;
  return 0;
}

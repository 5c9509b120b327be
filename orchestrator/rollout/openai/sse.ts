/**
 * Server-sent events as chat completions use them: the `data` of each event, in order. Pieces may be cut anywhere, also inside
 * a character. Comments and other fields are passed over.
 */
export class EventReader {
  readonly #decoder = new TextDecoder();
  #line = '';
  #data: string[] = [];

  /** Data of the events that the piece completes. */
  push(piece: Uint8Array): string[] {
    const lines = (this.#line + this.#decoder.decode(piece, { stream: true })).split('\n');
    this.#line = lines.pop() ?? '';
    return lines.flatMap((line) => this.#take(line.endsWith('\r') ? line.slice(0, -1) : line));
  }

  #take(line: string): string[] {
    if (line.startsWith('data:')) this.#data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
    if (line !== '' || this.#data.length === 0) return [];
    const event = this.#data.join('\n');
    this.#data = [];
    return [event];
  }
}

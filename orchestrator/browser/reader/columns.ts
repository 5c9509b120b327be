/** A growing column of numbers. */
export class Column<Kind extends Float64Array | Uint32Array | Int32Array | Uint8Array> {
  length = 0;

  constructor(public values: Kind) {}

  push(value: number): void {
    if (this.length === this.values.length) this.#grow();
    this.values[this.length] = value;
    this.length += 1;
  }

  #grow(): void {
    const Kind = this.values.constructor as new (length: number) => Kind;
    const more = new Kind(this.values.length * 2);
    more.set(this.values as never);
    this.values = more;
  }
}

const START = 1024;
export const reals = () => new Column(new Float64Array(START));
export const counts = () => new Column(new Uint32Array(START));
export const codes = () => new Column(new Uint8Array(START));

/** Names by number, in order of their first appearance; at most 254 in a column of codes. */
export class Names {
  readonly list: string[] = [];
  readonly #codes = new Map<string, number>();

  codeOf(name: string): number {
    const known = this.#codes.get(name);
    if (known !== undefined) return known;
    const code = this.list.push(name) - 1;
    this.#codes.set(name, code);
    return code;
  }

  find(name: string): number | undefined {
    return this.#codes.get(name);
  }

  at(code: number): string {
    return this.list[code] ?? '';
  }
}

/** Stands in columns of codes for: there is none. */
export const NO_CODE = 255;

import { clip, formatSeconds } from './output.js';

/** Without a terminal, a stage that is under way says so at most this often. */
const LINE_EVERY_MS = 10_000;
/** On a terminal, a redraw this often is enough for the eye. */
const REDRAW_EVERY_MS = 100;
const BAR_WIDTH = 20;

export type Extra = Readonly<Record<string, number | string>>;
export type Outcome = 'done' | 'cached' | 'failed' | 'interrupted';

/** Progress of one stage, from its first update to its end. */
export interface StageProgress {
  /** `done` of `total`, with further fields to show (`tokens/s`, `reward`). */
  update(done: number, total: number, extra?: Extra): void;
  /** One event in words, such as what is being waited for. */
  note(message: string): void;
  end(outcome: Outcome): void;
}

export interface Progress {
  stage(name: string): StageProgress;
}

export interface ProgressOptions {
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  /** Default: what the stream says of itself. */
  readonly isTTY?: boolean;
  /** Milliseconds; default: the monotonic clock. */
  readonly now?: () => number;
  readonly color?: boolean;
}

/** Progress on standard error: one line redrawn in place on a terminal, one line an event otherwise. */
export function createProgress(options: ProgressOptions): Progress {
  const { stream, now = () => performance.now() } = options;
  const isTTY = options.isTTY ?? stream.isTTY ?? false;
  const color = options.color ?? (isTTY && !process.env.NO_COLOR);
  const write = (text: string) => void stream.write(text);
  if (!isTTY) return { stage: (name) => new LineStage(name, write, now) };
  const width = () => stream.columns ?? 80;
  return { stage: (name) => new BarStage(name, write, now, width, color) };
}

/** How far a stage is, and how fast it goes. */
class Meter {
  done = 0;
  total = 0;
  extra: Extra = {};
  #base: { done: number; at: number } | undefined;
  readonly #started: number;

  constructor(readonly now: () => number) {
    this.#started = now();
  }

  update(done: number, total: number, extra: Extra): void {
    // Counting starts again with another pass of the same stage; work taken from the store is not speed either.
    if (this.#base === undefined || done < this.done || total !== this.total) this.#base = { done, at: this.now() };
    this.done = done;
    this.total = total;
    this.extra = extra;
  }

  get started(): boolean {
    return this.#base !== undefined;
  }

  get elapsed(): number {
    return (this.now() - this.#started) / 1000;
  }

  /** Items a second since the first update; undefined while there is nothing to tell from. */
  get rate(): number | undefined {
    if (this.#base === undefined) return undefined;
    const seconds = (this.now() - this.#base.at) / 1000;
    const items = this.done - this.#base.done;
    return items > 0 && seconds > 0 ? items / seconds : undefined;
  }

  /** `128/480  12.3/s  29 s left  tokens/s 812`. */
  text(): string {
    const rate = this.rate;
    const left =
      rate === undefined || this.done >= this.total ? [] : [`${formatSeconds((this.total - this.done) / rate)} left`];
    const fields = Object.entries(this.extra).map(([name, value]) => `${name} ${value}`);
    return [`${this.done}/${this.total}`, ...(rate === undefined ? [] : [formatRate(rate)]), ...left, ...fields].join(
      '  ',
    );
  }
}

function formatRate(rate: number): string {
  if (rate >= 100) return `${rate.toFixed(0)}/s`;
  return rate >= 1 ? `${rate.toFixed(1)}/s` : `${formatSeconds(1 / rate)} each`;
}

const OUTCOMES: Readonly<Record<Outcome, (meter: Meter) => string>> = {
  done: (meter) => `done in ${formatSeconds(meter.elapsed)}`,
  cached: () => 'already done, taken from the store',
  failed: (meter) => `failed after ${formatSeconds(meter.elapsed)}`,
  interrupted: (meter) => `interrupted after ${formatSeconds(meter.elapsed)}`,
};

/** For logs: the first and the last update, and one in ten seconds between them. */
class LineStage implements StageProgress {
  readonly #meter: Meter;
  #lastLine: number | undefined;
  #pending = false;

  constructor(
    readonly name: string,
    readonly write: (text: string) => void,
    now: () => number,
  ) {
    this.#meter = new Meter(now);
  }

  update(done: number, total: number, extra: Extra = {}): void {
    this.#meter.update(done, total, extra);
    const now = this.#meter.now();
    this.#pending = true;
    if (this.#lastLine === undefined || now - this.#lastLine >= LINE_EVERY_MS) this.#print(now);
  }

  note(message: string): void {
    this.write(`${this.name}: ${message}\n`);
  }

  end(outcome: Outcome): void {
    if (this.#pending) this.#print(this.#meter.now());
    this.write(`${this.name}: ${OUTCOMES[outcome](this.#meter)}\n`);
  }

  #print(now: number): void {
    this.#lastLine = now;
    this.#pending = false;
    this.write(`${this.name}: ${this.#meter.text()}\n`);
  }
}

const CLEAR_LINE = '\r\u001b[2K';
const GREEN = '\u001b[32m';
const RED = '\u001b[31m';
const DIM = '\u001b[2m';
const RESET = '\u001b[0m';

/** For people: a bar in one line, notes and the end above it. */
class BarStage implements StageProgress {
  readonly #meter: Meter;
  #waiting = '';
  #waitingSince: number;
  #drawn: number | undefined;
  /** Keeps the seconds of a wait and the time left going when nothing happens. */
  readonly #timer: NodeJS.Timeout;

  constructor(
    readonly name: string,
    readonly write: (text: string) => void,
    now: () => number,
    readonly width: () => number,
    readonly color: boolean,
  ) {
    this.#meter = new Meter(now);
    this.#waitingSince = now();
    this.#timer = setInterval(() => this.#draw(), 1000);
    this.#timer.unref();
  }

  update(done: number, total: number, extra: Extra = {}): void {
    const first = !this.#meter.started;
    this.#waiting = '';
    this.#meter.update(done, total, extra);
    const now = this.#meter.now();
    if (first || done >= total || this.#drawn === undefined || now - this.#drawn >= REDRAW_EVERY_MS) this.#draw();
  }

  note(message: string): void {
    if (message.startsWith('warning')) this.write(`${CLEAR_LINE}${this.name}: ${message}\n`);
    else this.#waiting = message;
    this.#waitingSince = this.#meter.now();
    this.#draw();
  }

  end(outcome: Outcome): void {
    clearInterval(this.#timer);
    const fields = this.#meter.started ? `  ${this.#meter.text()}` : '';
    const mark =
      outcome === 'failed' ? this.#paint(RED, '✗') : this.#paint(GREEN, outcome === 'interrupted' ? '‖' : '✓');
    this.write(
      `${CLEAR_LINE}${mark} ${clip(`${this.name}: ${OUTCOMES[outcome](this.#meter)}${fields}`, this.width() - 3)}\n`,
    );
  }

  #draw(): void {
    this.#drawn = this.#meter.now();
    const text =
      this.#waiting === ''
        ? this.#bar()
        : `${this.#waiting}, ${formatSeconds((this.#drawn - this.#waitingSince) / 1000)}`;
    this.write(`${CLEAR_LINE}${this.name}  ${this.#paint(DIM, clip(text, this.width() - this.name.length - 3))}`);
  }

  #bar(): string {
    if (!this.#meter.started) return formatSeconds(this.#meter.elapsed);
    const share = this.#meter.total > 0 ? Math.min(1, this.#meter.done / this.#meter.total) : 0;
    const filled = Math.round(share * BAR_WIDTH);
    return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${this.#meter.text()}`;
  }

  #paint(code: string, text: string): string {
    return this.color ? `${code}${text}${RESET}` : text;
  }
}

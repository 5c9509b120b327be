/** Units generated together at most: more would only be lost together. */
const MOST = 16;
/** A wider flight must be faster by this much to be kept. */
const BETTER = 1.05;

/** How many units are generated together. */
export interface Flight {
  readonly width: number;
  /** Tells what the last flight did. */
  landed(tokens: number, seconds: number): void;
}

/** One at a time, so that a batch never depends on how fast the machine was. */
export function fixedFlight(): Flight {
  return { width: 1, landed: () => {} };
}

/** Doubles the width as long as that gives more tokens a second, and goes back to the last one when it does not. */
export function adaptiveFlight(): Flight {
  let width = 1;
  let best = 0;
  let settled = false;
  return {
    get width() {
      return width;
    },
    landed(tokens, seconds) {
      if (settled || tokens === 0 || seconds <= 0) return;
      const rate = tokens / seconds;
      if (rate > best * BETTER) {
        best = rate;
        if (width < MOST) width *= 2;
        return;
      }
      width = Math.max(1, width / 2);
      settled = true;
    },
  };
}

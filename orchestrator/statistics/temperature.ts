/** Temperatures that a fit may give; at its ends the confidences tell all or nothing. */
export const TEMPERATURES = { lowest: 0.01, highest: 100 } as const;
/** Confidences nearer to 0 and 1 than this count as this near: their logit would be infinite. */
const EDGE = 1e-6;
/** Halvings of the range of log-temperatures: down to its last digits. */
const HALVINGS = 45;

/**
 * Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks"): the T for which
 * sigmoid(logit(p) / T) has the least log loss against the outcomes, each 0 to 1. Above 1 the confidences are too sure,
 * below 1 not sure enough. Null when the outcomes are all 0 or all 1, or when there are none: no temperature fits these.
 */
export function fitTemperature(confidences: ArrayLike<number>, outcomes: ArrayLike<number>): number | null {
  const right = Array.from(outcomes).reduce((sum, outcome) => sum + outcome, 0);
  if (right <= 0 || right >= outcomes.length) return null;
  const logits = Float64Array.from(confidences, logit);
  // The loss is convex in 1/T, so its slope there crosses zero once at most: halve until that place is found.
  let [low, high] = [Math.log(1 / TEMPERATURES.highest), Math.log(1 / TEMPERATURES.lowest)];
  for (let left = HALVINGS; left > 0; left -= 1) {
    const centre = (low + high) / 2;
    if (slope(logits, outcomes, Math.exp(centre)) < 0) low = centre;
    else high = centre;
  }
  return Math.exp(-(low + high) / 2);
}

/** A confidence at a temperature; the order of confidences stays as it is. */
export function atTemperature(confidence: number, temperature: number): number {
  return sigmoid(logit(confidence) / temperature);
}

/** Derivative of the log loss by the inverse temperature. */
function slope(logits: Float64Array, outcomes: ArrayLike<number>, inverse: number): number {
  let sum = 0;
  for (let index = 0; index < logits.length; index += 1) {
    const z = logits[index] ?? 0;
    sum += z * (sigmoid(inverse * z) - (outcomes[index] ?? 0));
  }
  return sum;
}

function logit(confidence: number): number {
  const inside = Math.min(1 - EDGE, Math.max(EDGE, confidence));
  return Math.log(inside / (1 - inside));
}

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

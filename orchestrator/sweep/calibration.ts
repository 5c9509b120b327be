import { atTemperature, auroc, ece, fitTemperature, type RangeBin, reliability } from '../statistics/index.js';
import { isRight, type SweepRow } from './input.js';

export type CalibrationBin = RangeBin;

export interface Calibration {
  /** Expected calibration error over the bins. */
  readonly ece: number;
  /** Probability that a right first answer is surer than a wrong one; null when all are of one kind. */
  readonly auroc: number | null;
  /** Bins of equal width that hold anything. */
  readonly bins: readonly CalibrationBin[];
}

/** What one temperature for all confidences would make of their calibration. It changes no order, and so no frontier. */
export interface Scaling {
  /** Fitted by log loss; above 1 the confidences are too sure. */
  readonly temperature: number;
  /** Expected calibration error of the confidences as they are, and divided by the temperature, both of the same rows. */
  readonly eceBefore: number;
  readonly eceAfter: number;
  /** Confidences that these errors are of. */
  readonly n: number;
  /** Whether the temperature was fitted on other rows; false when there are too few clusters to hold any out. */
  readonly heldOut: boolean;
}

const BINS = 10;

/** How well the first answer's confidence tells right from wrong; rows without a confidence say nothing of it. */
export function calibration(rows: readonly SweepRow[]): Calibration {
  const known = sure(rows);
  const confidences = known.map(confidenceOf);
  const bins = reliability(confidences, known.map(firstValueOf), BINS);
  return { ece: ece(bins), auroc: auroc(confidences, known.map(isFirstRight)), bins };
}

/** Temperature scaling, fitted on some rows and measured on others; null when one side has nothing to tell from. */
export function scaling(fitting: readonly SweepRow[], measuring: readonly SweepRow[]): Omit<Scaling, 'heldOut'> | null {
  const [fit, measured] = [sure(fitting), sure(measuring)];
  const temperature = fitTemperature(fit.map(confidenceOf), fit.map(outcomeOf));
  if (temperature === null || measured.length === 0) return null;
  const values = measured.map(firstValueOf);
  const before = measured.map(confidenceOf);
  const after = before.map((confidence) => atTemperature(confidence, temperature));
  const error = (confidences: readonly number[]) => ece(reliability(confidences, values, BINS));
  return { temperature, eceBefore: error(before), eceAfter: error(after), n: measured.length };
}

type SureRow = SweepRow & { readonly confidence: number };

function sure(rows: readonly SweepRow[]): SureRow[] {
  return rows.filter((row): row is SureRow => row.confidence !== null);
}

const confidenceOf = (row: SureRow) => row.confidence;
const firstValueOf = (row: SweepRow) => row.first.value;
const isFirstRight = (row: SweepRow) => isRight(row.first.value);
/** Log loss takes outcomes from 0 to 1; task rewards go to 2. */
const outcomeOf = (row: SweepRow) => Math.min(1, row.first.value);

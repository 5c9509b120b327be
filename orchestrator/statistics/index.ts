/** Pure numbers: intervals, tests, calibration, and random numbers that a seed decides. */
export { type Axis, type AxisOptions, axisOf, scaleOf } from './axis.js';
export { type BootstrapOptions, bootstrapMean, type Interval, pairedBootstrap } from './bootstrap.js';
export { auroc, type Bin, ece, type RangeBin, reliability } from './calibration.js';
export { bootstrapCurves, type Steps, type Switching } from './curves.js';
export { endsOf, meanOf } from './ends.js';
export { mcnemar, normalQuantile, wilson } from './proportions.js';
export { createRandom, deriveSeed, shuffled } from './random.js';
export { atTemperature, fitTemperature, TEMPERATURES } from './temperature.js';

// The frontier over all thresholds and its bands, in one process, on made-up rows: every confidence another, so that there are as
// many thresholds as rows. Goals in seconds: these are absolute, as users wait for them.

import { createRandom } from '../../../dist/statistics/index.js';
import { BANDS, bandsAt, frontier, spread } from '../../../dist/sweep/index.js';

const REPEATS = 3;
/** Rows, questions about one video, and seconds allowed; the bands at a million rows are left out. */
const JOBS = [
  { name: '100,000 questions, each a video of its own', size: 100_000, group: 1, goal: 3, bands: true },
  { name: '100,000 questions about 25,000 videos', size: 100_000, group: 4, goal: 3, bands: true },
  { name: '1,000,000 questions', size: 1_000_000, group: 4, goal: 1.5, bands: false },
];

export const title = 'Sweep over all thresholds';

/** Seconds of each job; the slowest of three repeats counts, the first of which also warms up. */
export async function run({ note }) {
  const rows = JOBS.map((job) => {
    const questions = questionsOf(job);
    const times = Array.from({ length: REPEATS }, () => timed(() => work(questions, job)));
    const seconds = Math.max(...times.map((time) => time.seconds));
    const { points, bands } = times[0].result;
    note(`${job.name}: ${times.map((time) => `${time.seconds.toFixed(2)} s`).join(', ')}; ${points} points`);
    return { job, seconds, points, bands };
  });
  return {
    goal: 'seconds as given in each row',
    figures: Object.fromEntries(
      rows.map((row) => [labelOf(row), `${row.seconds.toFixed(2)} s (goal ≤ ${row.job.goal})`]),
    ),
    holds: rows.every(({ job, seconds }) => seconds <= job.goal),
  };
}

function labelOf({ job, points, bands }) {
  const what = `frontier at ${points.toLocaleString('en')} thresholds`;
  return `${job.name}: ${what}${bands > 0 ? `, bands at ${bands} from ${BANDS.draws.toLocaleString('en')} resamples` : ''}`;
}

function work(questions, { bands }) {
  const { points } = frontier(questions);
  if (!bands) return { points: points.length, bands: 0 };
  const thresholds = spread(points, BANDS.points).map((point) => point.threshold);
  return { points: points.length, bands: bandsAt(questions, thresholds, { ...BANDS, seed: 1 }).length };
}

function timed(job) {
  const started = performance.now();
  const result = job();
  return { seconds: (performance.now() - started) / 1000, result };
}

/** Sure first answers are more often right; thinking mends some of the wrong ones; one question in fifty has no confidence. */
function questionsOf({ size, group }) {
  const random = createRandom(7);
  return Array.from({ length: size }, (_, index) => {
    const confidence = random() ** 0.3;
    const first = Number(random() < confidence);
    return {
      id: String(index),
      benchmark: 'made-up',
      cluster: `video ${Math.floor(index / group)}`,
      confidence: random() < 0.02 ? null : confidence,
      first: { value: first, tokens: 5 + Math.floor(random() * 5) },
      second: { value: Number(random() < (first ? 0.97 : 0.6)), tokens: 80 + Math.floor(random() * 400) },
    };
  });
}

import {
  type Ends,
  type Found,
  openSearch,
  openSearchBuilder,
  type SearchIndex,
  type Viewer,
} from '../../store/index.js';
import { createProgress } from '../progress.js';

/** Rollouts of one transaction. */
const AT_ONCE = 2000;

/** Rollouts of a run whose text has all of the words; what is not indexed yet is indexed first, told on standard error. */
export function searchRun(file: string, viewer: Viewer, runId: number, words: string, ends: Ends): Found {
  const index = openSearch(file);
  try {
    bringUpToDate(file, index, viewer);
    return index.find(runId, words, ends);
  } finally {
    index.close();
  }
}

function bringUpToDate(file: string, index: SearchIndex, viewer: Viewer): void {
  const runs = viewer.runs().map(({ id }) => id);
  const all = sum(runs.map((id) => sum([...viewer.rolloutCounts(id).values()])));
  const progress = createProgress({ stream: process.stderr }).stage('search index');
  const builder = openSearchBuilder(file);
  try {
    let worked = false;
    while (builder.advance(AT_ONCE) > 0) {
      worked = true;
      // Attempts that were replaced are indexed, too.
      const done = sum(runs.map((id) => index.indexed(id)));
      progress.update(done, Math.max(done, all));
    }
    if (worked) progress.end('done');
  } finally {
    builder.close();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

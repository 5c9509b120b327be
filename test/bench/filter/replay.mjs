// One process that reads a file of recorded rollouts and replays the filter from it; prints seconds, peak memory and counts.
// Arguments: file, prompts, rollouts of a prompt, folder of the store.

import { join } from 'node:path';
import { run } from '../../../dist/filter/stage.js';
import { collect } from '../../../dist/pipeline/collect.js';
import { loadRecipe } from '../../../dist/recipe/index.js';
import { createReplayEngine, openRecordings } from '../../../dist/rollout/index.js';
import { openStore } from '../../../dist/store/index.js';
import { promptOf } from './recordings.mjs';

const [file, count, rollouts, folder, recipeFile] = process.argv.slice(2);
const sets = [`filter.rollouts=${rollouts}`, 'filter.keepGrounding=false', 'engine.unit=1024'];
const { recipe } = await loadRecipe(recipeFile, { sets });
function* prompts() {
  for (let place = 0; place < Number(count); place += 1) yield promptOf(place);
}
const store = openStore(join(folder, 'vauto.db'));
const runId = store.createRun({
  name: 'bench',
  recipeText: '',
  recipe: {},
  folder,
  seed: recipe.seed,
  environment: {},
});
const times = {};
const timed = async (name, job) => {
  const started = performance.now();
  const cpu = process.cpuUsage();
  const result = await job();
  const { user, system } = process.cpuUsage(cpu);
  times[name] = { seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6 };
  return result;
};

await timed('prompts', () => store.savePrompts(runId, 'train', prompts()));
const recordings = await timed('import', () => openRecordings(file));
const engine = createReplayEngine({ find: (request) => recordings.find('filter', request) });
const stageId = store.startStage(runId, 'filter', 'key').id;
const progress = { update: () => {}, note: () => {} };
const shared = { recipe, store, stageId, system: undefined, signal: new AbortController().signal, progress };
const collector = {
  ...shared,
  ...{ determinism: 'bitwise', reuse: 'none', engine: async () => engine },
  identity: async () => ({ weights: 'recorded', libraries: {}, settings: {} }),
  verifyMath: () => Promise.reject(new Error('letters need no math-verify')),
};
const context = {
  ...{ ...shared, runId, folder, prompts: new Map([['train', store.promptSet(runId, 'train')]]) },
  collect: (_weights, job) => collect(collector, job),
  artifact: async (name, path) => ({ name, path, sha256: '', bytes: 0 }),
  warn: () => {},
};
const { summary } = await timed('filter', () => run(context, 'weights'));
store.finishStage(stageId, summary, []);
const { lost } = store.ledger(runId);
store.close();
const peakBytes = process.resourceUsage().maxRSS * 1024;
const { keep, drop, unknown } = summary;
console.log(
  JSON.stringify({
    times,
    peakBytes,
    lines: recordings.size,
    counts: { keep, drop, unknown, lost },
    rollouts: summary.rollouts,
  }),
);

// What decoding costs, once and again: videos decoded against frames read from disk, a filter's rollouts with an empty and a full
// folder of frames, and decoding beside generation against decoding before it. Each pair is run in turn, in one sitting.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureEnvironment } from '../../../dist/environment/index.js';
import { collect } from '../../../dist/pipeline/collect.js';
import { createRuntime } from '../../../dist/pipeline/context.js';
import { loadData, promptsOf } from '../../../dist/pipeline/load-data.js';
import { loadRecipe } from '../../../dist/recipe/index.js';
import { openStore } from '../../../dist/store/index.js';

const TURNS = 2;
const ROLLOUTS = 8;
/** Cuts of the long video that the filter asks about, seconds of each, and seconds between their starts. */
const CUTS = { count: 24, seconds: 5, apart: 2 };
const TINY_VIDEOS = 200;
/** Without it threads that spin and wait for a core would be measured. */
const AS_WORKERS = { OMP_WAIT_POLICY: 'PASSIVE', OMP_NUM_THREADS: '1' };
const USE = { stage: 'filter', sleep: false };

export const title = 'Decoded frames: kept on disk, decoded beside generation';

export async function run({ root, note }) {
  const { python, pythonPath } = await ensureEnvironment({ onProgress: note });
  const scratch = mkdtempSync(join(tmpdir(), 'vauto-bench-'));
  const measure = async (...parameters) => {
    const script = new URL('measure.py', import.meta.url).pathname;
    const { stdout } = await execa(python, [script, ...parameters], { env: AS_WORKERS });
    return JSON.parse(stdout.trim().split('\n').at(-1));
  };
  try {
    const clip = join(scratch, 'clip.mp4');
    await measure('clip', clip, '60');
    note('a video of a minute, 1280×720, is written');
    const long = await measure('decode', join(scratch, 'long'), clip);
    const videos = join(root, 'recipes', 'tiny', 'data', 'videos');
    const tiny = readdirSync(videos)
      .slice(0, TINY_VIDEOS)
      .map((name) => join(videos, name));
    const short = await measure('decode', join(scratch, 'short'), ...tiny);
    note(`decoded ${long.decoded.toFixed(2)} s, read ${long.read.toFixed(3)} s`);
    const within = await measure('overlap', join(root, 'recipes', 'tiny', 'model'), clip);
    const filter = await filterPasses({ root, scratch, clip, python, pythonPath, note });
    return resultOf({ long, short, within, filter });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function resultOf({ long, short, within, filter }) {
  const { alone, empty, full } = filter;
  const ratio = (a, b) => `${(a / b).toFixed(2)}×`;
  const holds =
    long.decoded / long.read >= 10 &&
    short.decoded / short.read >= 2 &&
    within.alike &&
    within.waits.before >= 2 * within.waits.meanwhile &&
    within.before / within.meanwhile >= 1.05 &&
    filter.alike &&
    alone / empty >= 1.05 &&
    empty > full;
  return {
    goal: 'frames from disk ≥ 10× (the minute) and ≥ 2× (tiny videos) faster than decoding, a full folder faster; each kind of overlap ≥ 1.05×, and the engine waits at most half as long for media; the same rollouts all ways',
    figures: {
      'a minute of 1280×720, 64 frames: decoded / read from disk': ratio(long.decoded, long.read),
      'the same, seconds': `${long.decoded.toFixed(2)} and ${long.read.toFixed(3)} (${long.cached.toFixed(3)} from the page cache)`,
      'its frames on disk, MB': (long.bytes / 1e6).toFixed(1),
      [`${short.files} videos of the quickstart (56×56): decoded / read from disk`]: ratio(short.decoded, short.read),
      'the same, milliseconds a video': `${((short.decoded / short.files) * 1e3).toFixed(2)} and ${((short.read / short.files) * 1e3).toFixed(2)}`,
      [`one call, ${within.requests} requests, 16 at a time: decoded before the first step / meanwhile`]: ratio(
        within.before,
        within.meanwhile,
      ),
      'the same, seconds that the engine waits for media': `${within.waits.before.toFixed(2)} and ${within.waits.meanwhile.toFixed(2)}`,
      [`a filter's ${CUTS.count * ROLLOUTS} rollouts about ${CUTS.count} cuts of ${CUTS.seconds} s, in units of 64: next unit not decoded ahead / decoded ahead`]:
        ratio(alone, empty),
      'the same: empty / full folder of frames': ratio(empty, full),
      'seconds: not ahead, ahead, ahead with a full folder': [alone, empty, full].map((s) => s.toFixed(1)).join(', '),
    },
    holds,
  };
}

/** The best of TURNS passes of each way, each in a fresh engine process. */
async function filterPasses({ root, scratch, clip, python, pythonPath, note }) {
  const loaded = await loadRecipe(join(root, 'recipes', 'quickstart.yaml'));
  const prompts = cutsOf(clip, [...promptsOf(await loadData(loaded)).get('train')]);
  const seconds = { alone: [], empty: [], full: [] };
  const answers = new Set();
  for (let turn = 0; turn < TURNS; turn += 1) {
    const frames = join(scratch, `frames-${turn}`);
    const ways = {
      alone: { frames: join(scratch, `alone-${turn}`), ahead: false },
      empty: { frames, ahead: true },
      full: { frames, ahead: true },
    };
    for (const [name, way] of Object.entries(ways)) {
      const pass = await filterPass({ loaded, prompts, python, pythonPath, scratch, name: `${name}-${turn}`, ...way });
      note(`${name}: ${pass.seconds.toFixed(1)} s`);
      seconds[name].push(pass.seconds);
      answers.add(pass.answers);
    }
  }
  const best = Object.fromEntries(Object.entries(seconds).map(([name, values]) => [name, Math.min(...values)]));
  return { ...best, alike: answers.size === 1 };
}

/** Questions of the quickstart about cuts of one long video. */
function cutsOf(clip, prompts) {
  const sha256 = 'e'.repeat(64);
  return prompts
    .filter(({ media }) => media.length > 0)
    .slice(0, CUTS.count)
    .map((prompt, place) => {
      const start = place * CUTS.apart;
      return { ...prompt, media: [{ kind: 'video', path: clip, start, end: start + CUTS.seconds, sha256 }] };
    });
}

async function filterPass({ loaded, prompts, python, pythonPath, scratch, name, frames, ahead }) {
  const { recipe } = loaded;
  const model = loaded.resolveModel();
  const runtime = createRuntime({ loaded, python, pythonPath, onLog: () => undefined, frames });
  const store = openStore(join(scratch, `${name}.db`));
  try {
    const warm = await runtime.engine(model, USE);
    const engine = ahead ? warm : { ...warm, generate: (all, { following: _, ...rest }) => warm.generate(all, rest) };
    const shared = {
      ...{ recipe, store, verifyMath: runtime.verifyMath, determinism: 'bitwise', reuse: 'none' },
      system: readFileSync(loaded.resolve(recipe.prompting.system), 'utf8').trim(),
      progress: { update: () => undefined, note: () => undefined },
      signal: new AbortController().signal,
      identity: async () => ({ weights: model, libraries: {}, settings: {} }),
      engine: async () => engine,
    };
    const runId = store.createRun({
      ...{ name, recipeText: '', recipe, folder: scratch, seed: recipe.seed, environment: {} },
    });
    const stage = (pass) => store.startStage(runId, pass, pass).id;
    const job = { set: 'train', count: ROLLOUTS, sampling: samplingOf(recipe) };
    // The first requests compile and allocate; they have another video.
    const own = [...promptsOf(await loadData(loaded)).get('train')].filter(({ media }) => media.length > 0);
    store.savePrompts(runId, 'warm', own.slice(0, 2));
    await collect(
      { ...shared, stageId: stage('warm') },
      { ...job, set: 'warm', pass: 'warm', prompts: own.slice(0, 2) },
    );
    store.savePrompts(runId, 'train', prompts);
    const stageId = stage('filter');
    const started = performance.now();
    const { failures } = await collect({ ...shared, stageId }, { ...job, pass: 'filter', prompts });
    const seconds = (performance.now() - started) / 1000;
    if (failures > 0) throw new Error(`${failures} requests failed`);
    const rows = [...store.stageRows(stageId)].map(({ rollout }) => rollout);
    return { seconds, answers: JSON.stringify(rows.map(({ tokenIds, logprobs }) => [tokenIds, logprobs])) };
  } finally {
    store.close();
    await runtime.close();
  }
}

function samplingOf(recipe) {
  return { temperature: 1, topP: 1, topK: 0, maxTokens: recipe.filter.maxTokens, stop: [] };
}

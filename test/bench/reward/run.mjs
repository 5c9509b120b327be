// Rewards over HTTP: the real ask server with the real grading and a store on disk, asked by the real Python client in a process of
// its own, one batch after the other. Each completion is parsed, graded, rewarded and committed with its verdicts.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureEnvironment } from '../../../dist/environment/index.js';
import { gradeRollouts } from '../../../dist/pipeline/collect.js';
import { loadRecipe } from '../../../dist/recipe/index.js';
import { PromptIndex } from '../../../dist/records/index.js';
import { createRandom } from '../../../dist/statistics/index.js';
import { openStore } from '../../../dist/store/index.js';
import { startAskServer } from '../../../dist/training/ask-server.js';
import { rewardHandler } from '../../../dist/training/reward-service.js';
import { storedGroups } from '../../../dist/training/stored-groups.js';

const GOAL = 2000;
const SIZES = [64, 128, 256];
const GROUP = 8;
/** Completions of each size and kind. */
const COMPLETIONS = 8192;
const PROMPTS = 256;
const KINDS = ['choice', 'interval'];
const random = createRandom(5);
const pick = (list) => list[Math.floor(random() * list.length)];

export const title = 'Rewards over HTTP';

export async function run({ root, note }) {
  const { python, pythonPath } = await ensureEnvironment({ onProgress: note });
  const { recipe } = await loadRecipe(join(root, 'recipes', 'quickstart.yaml'));
  const folder = mkdtempSync(join(tmpdir(), 'vauto-bench-'));
  const store = openStore(join(folder, 'vauto.db'));
  try {
    const prompts = KINDS.flatMap((kind) => Array.from({ length: PROMPTS }, (_, index) => promptOf(kind, index)));
    const runId = store.createRun({ name: 'bench', recipeText: '', recipe, folder, seed: 1, environment: {} });
    store.savePrompts(runId, 'train', prompts);
    const { id: stageId } = store.startStage(runId, 'train', 'key');
    const verifyMath = () => Promise.reject(new Error('nothing here is math'));
    const grade = (pass, wanted, rollouts) => gradeRollouts({ recipe, verifyMath }, pass, wanted, rollouts);
    const server = await startAskServer({
      processes: 1,
      handlers: {
        reward: rewardHandler(
          { recipe, store, stageId, grade },
          new PromptIndex(prompts),
          undefined,
          storedGroups(recipe),
        ),
      },
      events: {},
      onEvent: () => {},
      cancelled: () => false,
    });
    const jobs = SIZES.flatMap((size) => KINDS.map((kind) => ({ size, kind })));
    const requests = jobs.map(({ size, kind }, job) => questions(kind, size, job));
    const script = new URL('client.py', import.meta.url).pathname;
    const { stdout } = await execa(python, [script], {
      env: { PYTHONPATH: pythonPath },
      input: JSON.stringify({ url: server.url, token: server.token, requests }),
    });
    await server.close();
    const results = JSON.parse(stdout);
    const rates = jobs.map((job, index) => ({ ...job, rate: rateOf(results[index]) }));
    for (const { size, kind, rate } of rates) note(`${kind}, batches of ${size}: ${Math.round(rate)} a second`);
    const { rollouts } = store.ledger(runId);
    const sent = requests.flat().reduce((sum, { completions }) => sum + completions.length, 0);
    if (rollouts !== sent) throw new Error(`${sent} completions went out, ${rollouts} are in the store`);
    return {
      goal: `at least ${GOAL.toLocaleString('en')} completions a second, one client, whatever the size of its batches`,
      figures: Object.fromEntries(
        rates.map(({ size, kind, rate }) => [
          `completions a second, ${kind}, batches of ${size}`,
          Math.round(rate).toLocaleString('en'),
        ]),
      ),
      holds: rates.every(({ rate }) => rate >= GOAL),
    };
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function rateOf({ seconds, rewards }) {
  if (rewards.some((reward) => reward === null) || new Set(rewards).size < 2)
    throw new Error('rewards are missing, or all alike');
  return rewards.length / seconds;
}

function promptOf(kind, index) {
  const gold =
    kind === 'choice'
      ? { problemType: 'exact_match', answer: pick(['A', 'B', 'C', 'D']), options: ['red', 'blue', 'green', 'yellow'] }
      : { problemType: 'iou', answer: '', spans: [[2, 9.5]] };
  const shared = { source: 'bench', modality: 'text', media: [], question: 'When, or what?', meta: {} };
  return { id: `${kind}-${index}`, ...shared, ...gold };
}

/** Steps of a training, each with `size` completions in whole groups; the first is for warming up. */
function questions(kind, size, job) {
  return Array.from({ length: 1 + COMPLETIONS / size }, (_, turn) => ({
    step: job * 1000 + turn + 1,
    part: 0,
    completions: Array.from({ length: size }, (_, place) => {
      const prompt = (turn * (size / GROUP) + Math.floor(place / GROUP)) % PROMPTS;
      return completion(`${kind}-${prompt}`, place % GROUP, kind === 'choice' ? choice : interval);
    }),
  }));
}

const THOUGHT = 'First the ball is red, then it rolls behind the box and comes back. '.repeat(8);

function completion(promptId, index, answer) {
  const text = `\\boxed{${answer()}}<think>${THOUGHT}</think>\\boxed{${answer()}}`;
  // About four characters a token, as in English.
  const tokenIds = Array.from({ length: Math.ceil(text.length / 4) }, () => Math.floor(random() * 150_000));
  return { prompt_id: promptId, index, text, token_ids: tokenIds, truncated: false };
}

const choice = () => pick(['A', 'B', 'C', 'D', '(A)', 'B. blue', 'red', 'The answer is C']);

function interval() {
  const [start, end] = [random() * 10, random() * 20].map((time) => time.toFixed(1));
  return pick([`[${start}, ${end}]`, `${start} to ${end} seconds`, `(${start}, ${end})`, 'from 0:02 to 0:09']);
}

// Early exit inside vLLM on every benchmark question of the quickstart: does it answer as choosing from full completions does,
// what does it cost, and what does it bring. All passes by one engine, in turn.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { exitsAt, parseCompletion } from '../../../dist/answer/index.js';
import { ensureEnvironment } from '../../../dist/environment/index.js';
import { createRuntime } from '../../../dist/pipeline/context.js';
import { loadData, promptsOf } from '../../../dist/pipeline/load-data.js';
import { messagesFor } from '../../../dist/prompting/index.js';
import { loadRecipe } from '../../../dist/recipe/index.js';

const ROUNDS = 3;
/** At a time: on a CPU a step costs little more with many than with few. */
const SEQUENCES = 256;
/** Questions that transformers answers one by one. */
const ONE_BY_ONE = 60;

export const title = 'Early exit inside vLLM';

export async function run({ root, note }) {
  const sets = [`engine.args.max_num_seqs=${SEQUENCES}`, `engine.args.kv_cache_memory_bytes=${2 ** 30}`];
  const loaded = await loadRecipe(join(root, 'recipes', 'quickstart.yaml'), { sets });
  const { recipe } = loaded;
  const system = readFileSync(loaded.resolve(recipe.prompting.system), 'utf8').trim();
  const prompts = [...promptsOf(await loadData(loaded))].flatMap(([set, list]) =>
    set.startsWith('benchmark:') ? [...list] : [],
  );
  const { python, pythonPath } = await ensureEnvironment({ onProgress: note });
  const runtime = createRuntime({ loaded, python, pythonPath, onLog: () => undefined });
  const { threshold, maxTokens } = recipe.evaluate;
  const base = prompts.map((prompt) => requestOf(prompt, recipe, system, maxTokens));
  const asked = {
    auto: base.map((request) => ({ ...request, exit: { threshold } })),
    always: base,
    first: base.map((request) => ({ ...request, sampling: { ...request.sampling, maxTokens: 1 } })),
  };
  try {
    const engine = await runtime.engine(loaded.resolveModel(), { stage: 'evaluate', sleep: false });
    const pass = async (requests) => {
      const started = performance.now();
      const made = new Map();
      // All in one call: a place that an exit frees is taken by the next question at once.
      await engine.generate(requests, { onResult: (result) => made.set(result.promptId, result) });
      return { seconds: (performance.now() - started) / 1000, made };
    };
    // Warm-up: every video is decoded once, every shape of batch seen.
    const full = await pass(asked.always);
    const early = await pass(asked.auto);
    const sameness = compare(prompts, full.made, early.made, threshold);
    note(`${sameness.exits} of ${prompts.length} exit, ${sameness.different} answers differ`);
    const exiting = base.filter(({ promptId }) => early.made.get(promptId)?.exit?.exited);
    const never = exiting.map((request) => ({ ...request, sampling: { ...request.sampling, stop: ['<think>'] } }));
    const stopping = exiting.map((request) => ({ ...request, exit: { threshold } }));
    const seconds = { auto: 0, always: 0, first: 0, never: 0, stopping: 0 };
    for (let round = 0; round < ROUNDS; round += 1) {
      const jobs = Object.entries({ ...asked, never, stopping });
      // Another order in each round.
      for (const [name, requests] of [...jobs.slice(round), ...jobs.slice(0, round)])
        seconds[name] += (await pass(requests)).seconds;
      note(`round ${round + 1} of ${ROUNDS}`);
    }
    await engine.close();
    const slow = await oneByOne(python, loaded.resolveModel(), base, maxTokens, note);
    return resultOf({ prompts, full, early, sameness, seconds, slow });
  } finally {
    await runtime.close();
  }
}

function requestOf(prompt, recipe, system, maxTokens) {
  const { messages } = messagesFor(prompt, { mode: recipe.prompting.mode, system });
  const sampling = { temperature: 0, topP: 1, topK: 0, maxTokens, stop: [] };
  return { promptId: prompt.id, index: 0, seed: 7, messages, media: prompt.media, sampling };
}

/** The engine's own decision and answer against choosing from the full completions at the same threshold. */
function compare(prompts, full, early, threshold) {
  const rows = prompts.map(({ id }) => {
    const [whole, made] = [full.get(id), early.get(id)];
    const trace = parseCompletion(whole, 'answer-twice');
    const own = parseCompletion(made, 'answer-twice');
    const exits = exitsAt(trace.confidence, threshold);
    const expected = (exits ? trace.first : trace.second)?.text ?? null;
    const given = (made.exit.exited ? own.first : own.second)?.text ?? null;
    const error = trace.confidence === null ? 0 : Math.abs(trace.confidence - (made.exit.confidence ?? Number.NaN));
    return { same: exits === made.exit.exited && expected === given, exits: made.exit.exited, error };
  });
  return {
    different: rows.filter(({ same }) => !same).length,
    exits: rows.filter(({ exits }) => exits).length,
    error: Math.max(...rows.map(({ error }) => error)),
  };
}

/** transformers, one question after the other, the whole completion: seconds a question. */
async function oneByOne(python, model, requests, maxTokens, note) {
  const stride = Math.floor(requests.length / ONE_BY_ONE);
  const some = requests.filter((_, index) => index % stride === 0).slice(0, ONE_BY_ONE);
  const rows = some.map(({ messages, media }) => ({ messages, video: media[0]?.path ?? null }));
  const script = new URL('one_by_one.py', import.meta.url).pathname;
  const { stdout } = await execa(python, [script, model, String(maxTokens)], { input: JSON.stringify(rows) });
  const { seconds, tokens } = JSON.parse(stdout.trim().split('\n').at(-1));
  note(`one by one: ${some.length} questions in ${seconds.toFixed(1)} s, ${tokens} tokens`);
  return { perQuestion: seconds / some.length, n: some.length };
}

function resultOf({ prompts, full, early, sameness, seconds, slow }) {
  const total = (made, pick) => [...made.values()].reduce((sum, rollout) => sum + pick(rollout), 0);
  const tokens = (made) => total(made, ({ tokenIds }) => tokenIds.length);
  const [all, some] = [tokens(full.made), tokens(early.made)];
  const n = prompts.length;
  // A pass costs its prefill (measured with one token a question) and a price for each further token (measured on always).
  const perToken = (seconds.always - seconds.first) / (all - n);
  const predicted = seconds.always / (seconds.first + perToken * Math.max(0, some - n));
  const measured = seconds.always / seconds.auto;
  const prefill =
    total(early.made, ({ promptTokens }) => promptTokens) / total(full.made, ({ promptTokens }) => promptTokens);
  const wasted = Math.max(...[...early.made.values()].map(({ exit }) => exit.wastedTokens));
  const latency = seconds.stopping / seconds.never;
  const faster = slow.perQuestion / (seconds.auto / ROUNDS / n);
  return {
    goal: 'no answer differs; prefill ≤ 1.00; wasted ≤ 1; exit within 10% of never-think; ≥ 90% of the predicted gain; ≥ 10× transformers one by one',
    figures: {
      'questions, those that exit, sequences at a time': `${n}, ${sameness.exits}, ${SEQUENCES}`,
      'answers that differ from choosing after full completions': sameness.different,
      'largest difference between the confidences': sameness.error.toExponential(1),
      'prefilled tokens / prompt tokens': prefill.toFixed(3),
      'tokens generated after a decision to exit, most': wasted,
      'generated tokens, always and auto': `${all} and ${some} (${(all / some).toFixed(2)}×)`,
      'time of questions that exit / the same by never thinking': latency.toFixed(3),
      'throughput, auto / always': measured.toFixed(2),
      'the same as predicted from prefill and decode costs': `${predicted.toFixed(2)} (reached: ${((100 * measured) / predicted).toFixed(0)}%)`,
      [`auto / transformers one by one (${slow.n} questions, whole completions)`]: `${faster.toFixed(1)}×`,
    },
    holds:
      sameness.different === 0 &&
      prefill <= 1 &&
      wasted <= 1 &&
      latency <= 1.1 &&
      measured >= 0.9 * predicted &&
      faster >= 10,
  };
}

// What vauto adds to the time of its rollouts: the same requests through the pipeline (bridged vLLM, parsing, grading, store) and
// by a bare vLLM script, pass by pass in turn, each pass on other questions. Goal: a ratio under 1.10.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { ensureEnvironment } from '../../../dist/environment/index.js';
import { collect } from '../../../dist/pipeline/collect.js';
import { createRuntime } from '../../../dist/pipeline/context.js';
import { rolloutSeed } from '../../../dist/pipeline/key.js';
import { loadData, promptsOf } from '../../../dist/pipeline/load-data.js';
import { messagesFor } from '../../../dist/prompting/index.js';
import { loadRecipe } from '../../../dist/recipe/index.js';
import { openStore } from '../../../dist/store/index.js';

const PASSES = 4;
const ROLLOUTS = 8;

const USE = { stage: 'filter', sleep: false };

export const title = 'Rollouts through vauto against bare vLLM';

/** Seconds of each pass by both ways, in one run; resolves with what the table shows. */
export async function run({ root, note }) {
  const loaded = await loadRecipe(join(root, 'recipes', 'quickstart.yaml'));
  const { recipe } = loaded;
  const system = readFileSync(loaded.resolve(recipe.prompting.system), 'utf8').trim();
  const prompts = [...promptsOf(await loadData(loaded)).get('train')];
  const { python, pythonPath } = await ensureEnvironment({ onProgress: note });
  const scratch = mkdtempSync(join(tmpdir(), 'vauto-bench-'));
  const runtime = createRuntime({ loaded, python, pythonPath, onLog: () => undefined });
  const bare = startBare(python, loaded.resolveModel(), recipe.engine.args);
  const store = openStore(join(scratch, 'vauto.db'));
  try {
    const { up } = await bare.answer();
    const engine = await runtime.engine(loaded.resolveModel(), USE);
    const info = await engine.info();
    const size = Math.floor(prompts.length / PASSES);
    const rows = [];
    const byVauto = vautoPass({ recipe, system, store, runtime, model: loaded.resolveModel(), folder: scratch });
    const byScript = (part, pass) => bare.ask(part.flatMap((prompt) => requestsOf(prompt, pass, recipe, system)));
    // Warm-up: both compile and allocate at their first requests.
    await byVauto(prompts.slice(0, 8), 'warm');
    await byScript(prompts.slice(0, 8), 'warm');
    for (let index = 0; index < PASSES; index += 1) {
      const part = prompts.slice(index * size, (index + 1) * size);
      const name = `pass-${index}`;
      const ways = [() => byVauto(part, name), () => byScript(part, name)];
      // Who goes first changes from pass to pass.
      const first = await ways[index % 2]();
      const second = await ways[1 - (index % 2)]();
      const [vauto, script] = index % 2 === 0 ? [first, second] : [second, first];
      note(`pass ${index + 1}: vauto ${vauto.seconds.toFixed(2)} s, bare ${script.seconds.toFixed(2)} s`);
      rows.push({ vauto, script });
    }
    return resultOf(rows, { up, info, rollouts: size * ROLLOUTS });
  } finally {
    store.close();
    bare.stop();
    await runtime.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function resultOf(rows, { up, info, rollouts }) {
  const sum = (pick) => rows.reduce((total, row) => total + pick(row), 0);
  const ratio = sum((row) => row.vauto.seconds) / sum((row) => row.script.seconds);
  const ratios = rows.map((row) => row.vauto.seconds / row.script.seconds);
  const tokens = [sum((row) => row.vauto.tokens), sum((row) => row.script.tokens)];
  return {
    goal: 'ratio < 1.10; engine up ≤ 6 s after its import',
    figures: {
      'time, vauto / bare vLLM': ratio.toFixed(3),
      'smallest and largest pass': `${Math.min(...ratios).toFixed(3)} – ${Math.max(...ratios).toFixed(3)}`,
      'passes × rollouts': `${rows.length} × ${rollouts}`,
      'generated tokens, vauto and bare': tokens.join(' and '),
      'engine up after its import, vauto': `${info.loadSeconds.toFixed(2)} s`,
      'engine up after its import, bare': `${up.toFixed(2)} s`,
    },
    holds: ratio < 1.1 && info.loadSeconds <= 6,
  };
}

/** One pass through the pipeline's collect, as a stage does it. */
function vautoPass({ recipe, system, store, runtime, model, folder }) {
  const runId = store.createRun({
    name: 'bench',
    recipeText: '',
    recipe,
    folder,
    seed: recipe.seed,
    environment: {},
  });
  return async (prompts, pass) => {
    store.savePrompts(runId, pass, prompts);
    const { id: stageId } = store.startStage(runId, pass, pass);
    const started = performance.now();
    const summary = await collect(
      {
        recipe,
        system,
        store,
        stageId,
        verifyMath: runtime.verifyMath,
        progress: { update: () => undefined, note: () => undefined },
        signal: new AbortController().signal,
        determinism: 'bitwise',
        // Each pass is to be generated.
        reuse: 'none',
        identity: async () => ({ weights: model, libraries: {}, settings: {} }),
        engine: () => runtime.engine(model, USE),
      },
      { pass, set: pass, prompts, count: ROLLOUTS, sampling: samplingOf(recipe) },
    );
    const seconds = (performance.now() - started) / 1000;
    if (summary.failures > 0) throw new Error(`${summary.failures} requests failed`);
    return { seconds, tokens: summary.generatedTokens };
  };
}

function samplingOf(recipe) {
  return { temperature: 1, topP: 1, topK: 0, maxTokens: recipe.filter.maxTokens, stop: [] };
}

function requestsOf(prompt, pass, recipe, system) {
  const { messages } = messagesFor(prompt, { mode: recipe.prompting.mode, system });
  return Array.from({ length: ROLLOUTS }, (_, index) => ({
    messages,
    video: prompt.media[0]?.path ?? null,
    seed: rolloutSeed(recipe.seed, pass, prompt.id, index),
    max_tokens: recipe.filter.maxTokens,
  }));
}

function startBare(python, model, args) {
  const script = new URL('bare.py', import.meta.url).pathname;
  const child = execa(python, [script, model, JSON.stringify(args)], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    reject: false,
    buffer: { stdout: false },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the bare script ended:\n${(await child).stderr.slice(-2000)}`);
      if (value.startsWith('{"')) return JSON.parse(value);
    }
  };
  return {
    answer,
    ask: (requests) => {
      child.stdin.write(`${JSON.stringify(requests)}\n`);
      return answer();
    },
    stop: () => child.kill(),
  };
}

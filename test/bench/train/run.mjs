// A training step through vauto against TRL alone, and rollouts by the engine against those of TRL itself. Each pair is run in turn,
// twice, in one sitting; the first round, in which everything warms up, is left out.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureEnvironment } from '../../../dist/environment/index.js';
import { messagesFor } from '../../../dist/prompting/index.js';

const STEPS = 9;
const TURNS = 2;
const BATCH = { promptsPerStep: 8, groupSize: 8, maxTokens: 96 };
const GOAL = { bare: 1.15, engine: 1 };

export const title = 'A training step through vauto';

export async function run({ root, note }) {
  const { python } = await ensureEnvironment({ onProgress: note });
  const scratch = mkdtempSync(join(tmpdir(), 'vauto-bench-'));
  try {
    const text = textOnly(root, scratch);
    const pair = await inTurn(note, {
      vauto: (turn) => byVauto(root, scratch, `text-${turn}`, [`data.train.0.path=${text}`, ...transformers]),
      bare: () => byScript(root, scratch, python, text),
    });
    const ways = await inTurn(note, {
      engine: (turn) => byVauto(root, scratch, `engine-${turn}`, ['train.generation=engine']),
      transformers: (turn) => byVauto(root, scratch, `transformers-${turn}`, transformers),
      ahead: (turn) => byVauto(root, scratch, `ahead-${turn}`, ['train.generation=engine', 'train.ahead=true']),
    });
    const rounds = await inTurn(note, {
      fourByEngine: (turn) => byVauto(root, scratch, `engine-4-${turn}`, ['train.generation=engine', ...together]),
      fourByTransformers: (turn) => byVauto(root, scratch, `transformers-4-${turn}`, [...transformers, ...four]),
    });
    return resultOf(pair, ways, rounds);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const transformers = ['train.generation=transformers'];
const four = ['train.stepsPerRound=4', 'train.steps=8', 'train.saveEvery=8'];
// A round of four steps has 256 rollouts; TRL generates them in one batch, too.
const together = [...four, 'engine.args.max_num_seqs=256'];

function resultOf(pair, ways, rounds) {
  const bare = pair.vauto.seconds / pair.bare.seconds;
  const engine = ways.engine.seconds / ways.transformers.seconds;
  const ahead = ways.ahead.seconds / ways.transformers.seconds;
  const side = (each) => `${each.seconds.toFixed(2)} s, ${each.tokens.toFixed(1)} tokens a completion`;
  return {
    goal: `vauto / bare TRL ≤ ${GOAL.bare}, transformers generation both; a round by the engine, one ahead, faster than by transformers`,
    figures: {
      'rollouts a step, steps a run, runs of each': `${BATCH.promptsPerStep * BATCH.groupSize}, ${STEPS - 1}, ${TURNS}`,
      'text prompts: step of vauto / of bare TRL': bare.toFixed(3),
      'text prompts, a step of vauto': side(pair.vauto),
      'text prompts, a step of bare TRL': side(pair.bare),
      'videos, a step a round: engine / transformers': engine.toFixed(3),
      'videos, a step by the engine': side(ways.engine),
      'of it generating, training': ways.engine.parts,
      'videos, a step by transformers': side(ways.transformers),
      'of it generating and training': ways.transformers.parts,
      'videos, one round ahead: engine / transformers': ahead.toFixed(3),
      'videos, a step by the engine one round ahead': side(ways.ahead),
      'videos, four steps a round: engine / transformers': (
        rounds.fourByEngine.seconds / rounds.fourByTransformers.seconds
      ).toFixed(3),
      'four steps a round, a step by the engine': side(rounds.fourByEngine),
      'four steps a round, a step by transformers': side(rounds.fourByTransformers),
    },
    holds: bare <= GOAL.bare && ahead < GOAL.engine,
  };
}

/** Runs all ways in turn, in changing order; resolves with the means of each. */
async function inTurn(note, ways) {
  const seen = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let turn = 0; turn < TURNS; turn += 1) {
    const names = turn % 2 === 0 ? Object.keys(ways) : Object.keys(ways).toReversed();
    for (const name of names) {
      const steps = (await ways[name](turn)).slice(name.startsWith('four') ? 4 : 1);
      note(`${name}: ${mean(steps.map(({ seconds }) => seconds)).toFixed(2)} s a step`);
      seen[name].push(...steps);
    }
  }
  return Object.fromEntries(Object.entries(seen).map(([name, steps]) => [name, summaryOf(steps)]));
}

function summaryOf(steps) {
  const of = (name) => mean(steps.flatMap((step) => step[name] ?? []));
  const parts = `${of('generate_seconds').toFixed(2)} s, ${(of('seconds') - of('generate_seconds')).toFixed(2)} s`;
  return { seconds: of('seconds'), tokens: of('tokens'), parts };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The training prompts without a video, for which TRL needs nothing of vauto's. */
function textOnly(root, scratch) {
  const lines = readFileSync(join(root, 'recipes', 'tiny', 'data', 'train.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const file = join(scratch, 'text.jsonl');
  writeFileSync(file, `${lines.filter((line) => !('video' in JSON.parse(line))).join('\n')}\n`);
  return file;
}

/** Steps of a short training of the quickstart: seconds, their parts, tokens of a completion. */
async function byVauto(root, scratch, name, sets) {
  const short = [
    'filter.enabled=false',
    'evaluate.samples.count=0',
    'data.train.0.minimum=1',
    `data.benchmarks=[{name: reasoning, path: ${join(root, 'recipes', 'tiny', 'data', 'reasoning.jsonl')}, limit: 4}]`,
    `train.steps=${STEPS}`,
    'train.saveEvery=100',
    `train.promptsPerStep=${BATCH.promptsPerStep}`,
    `train.groupSize=${BATCH.groupSize}`,
  ];
  const flags = [...short, ...sets].flatMap((set) => ['--set', set]);
  const main = join(root, 'dist', 'cli', 'main.js');
  const recipe = join(root, 'recipes', 'quickstart.yaml');
  const store = ['--runs', scratch];
  await execa('node', [main, 'run', recipe, ...store, '--run', name, '--until', 'train', ...flags]);
  const { stdout } = await execa('node', [main, 'runs', 'steps', name, ...store, '--json']);
  return JSON.parse(stdout).steps.map(({ metrics }) => ({ ...metrics, tokens: metrics.completion_tokens }));
}

async function byScript(root, scratch, python, text) {
  const system = readFileSync(join(root, 'recipes', 'tiny', 'system.txt'), 'utf8').trim();
  const rows = readFileSync(text, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const prompts = rows.map((row) => ({ prompt: chatOf(row, system), answer: String(row.answer) }));
  const file = join(scratch, 'bare.jsonl');
  writeFileSync(file, prompts.map((prompt) => `${JSON.stringify(prompt)}\n`).join(''));
  const settings = {
    ...{ seed: 7, steps: STEPS, prompts_per_step: BATCH.promptsPerStep, group_size: BATCH.groupSize },
    ...{ learning_rate: 5e-5, beta: 0.04, max_tokens: BATCH.maxTokens },
  };
  const script = new URL('bare.py', import.meta.url).pathname;
  const model = join(root, 'recipes', 'tiny', 'model');
  const { stdout } = await execa(python, [script, model, file, JSON.stringify(settings)]);
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{"step"'))
    .map((line) => JSON.parse(line));
}

/** The same text as vauto's. */
function chatOf(row, system) {
  const { question, options } = row;
  const prompt = { question, options, modality: 'text', problemType: row.problem_type, media: [] };
  const { messages } = messagesFor(prompt, { mode: 'answer-twice', system });
  return messages.map(({ role, content }) => ({
    role,
    content: content.map((part) => part.text).join(''),
  }));
}

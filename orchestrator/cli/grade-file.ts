import { z } from 'zod';
import { parseCompletion } from '../answer/index.js';
import { openBridge } from '../bridge/index.js';
import { ensureEnvironment } from '../environment/index.js';
import { UserError } from '../errors.js';
import { gradeMany, type MathVerifier } from '../grading/index.js';
import {
  type Box,
  type Prompt,
  problemTypes,
  spanSchema,
  type Trace,
  type Verdict,
  type Verdicts,
} from '../records/index.js';
import { dualAnswerReward } from '../reward/index.js';
import { printJsonLine } from './output.js';
import { readJsonLines } from './read-json-lines.js';

const BATCH = 256;
const MATH_TIMEOUT_SECONDS = 5;
const WEIGHTS = { first: 0.9, second: 1.1, format: 1, fallback: 0.3 };

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
  options: z.array(z.string()).optional(),
  completion: z.string(),
});
type Row = z.infer<typeof rowSchema>;

const modes = ['answer-twice', 'cot', 'direct'] as const;

/** `vauto grade`: rows in, verdicts and reward out, a batch at a time. */
export async function gradeFile(file: string, flags: { threshold: string; mode: string }): Promise<void> {
  const correctThreshold = Number(flags.threshold);
  const mode = modes.find((name) => name === flags.mode);
  if (!(correctThreshold > 0 && correctThreshold <= 1))
    throw usage(`--threshold is ${flags.threshold}: a number above 0, at most 1`);
  if (mode === undefined) throw usage(`--mode is ${flags.mode}: answer-twice, cot or direct`);
  const math = lazyMath();
  const flush = async (rows: readonly Row[]) => {
    const items = rows.map((row) => ({
      prompt: promptOf(row),
      trace: parseCompletion({ text: row.completion, logprobs: [], tokenEnds: [], finishReason: 'stop' }, mode),
    }));
    const verdicts = await gradeMany(items, { verifyMath: math.verify, correctThreshold });
    items.forEach(({ prompt, trace }, index) => {
      const graded = verdicts[index] ?? { first: null, second: null };
      printJsonLine(
        outputOf(prompt.id, trace, graded, dualAnswerReward(trace, graded, { ...WEIGHTS, correctThreshold }, mode)),
      );
    });
  };
  try {
    let batch: Row[] = [];
    for await (const { value } of readJsonLines(file, rowSchema)) {
      batch.push(value);
      if (batch.length < BATCH) continue;
      await flush(batch);
      batch = [];
    }
    await flush(batch);
  } finally {
    await math.close();
  }
}

/** math-verify's worker, started only when a row needs it. */
function lazyMath(): { verify: MathVerifier; close: () => Promise<void> } {
  let bridge: ReturnType<typeof openBridge> | undefined;
  return {
    verify: async (items) => {
      if (items.length === 0) return [];
      bridge ??= openBridge(await ensureEnvironment({ onProgress: (message) => process.stderr.write(`${message}\n`) }));
      const { results } = await bridge
        .worker('math')
        .call('math.verify', { items: [...items], timeout_seconds: MATH_TIMEOUT_SECONDS });
      return results;
    },
    close: async () => {
      await bridge?.close();
    },
  };
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
    question: '-',
    ...gold,
    ...(row.options ? { options: row.options } : {}),
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

function usage(message: string): UserError {
  return new UserError({ code: 'usage', kind: 'usage', message, fix: 'see vauto grade --help' });
}

import { z } from 'zod';
import { OVERALL } from '../records/index.js';

/** Keys that every entry of `data.train` and `data.benchmarks` has. */
const entry = {
  source: z
    .enum(['jsonl'])
    .default('jsonl')
    .describe('How rows are read: jsonl, one question a row, in JSON Lines (plain, .gz or .zst) or Parquet.'),
  path: z.string().min(1).describe('The manifest, relative to the recipe file.'),
  root: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Folder of the media files, relative to the recipe file (default: the manifest's folder). No row may leave it.",
    ),
  limit: z.int().min(1).optional().describe('Use the first rows only, at most so many.'),
  minimum: z
    .int()
    .min(1)
    .optional()
    .describe('Stop when fewer usable rows than this are found (a half-downloaded data set).'),
  onError: z
    .enum(['fail', 'skip'])
    .default('fail')
    .describe(
      'What a bad row does: fail stops before anything runs and lists all of them; skip leaves them out and counts them.',
    ),
};

const name = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
    error: 'letters, digits, ".", "_" and "-" are allowed, beginning with a letter or digit',
  });

const trainEntrySchema = z.strictObject({
  ...entry,
  name: name
    .optional()
    .describe("Name of the source, part of each prompt's id (default: the file's name without its endings)."),
  maxRejected: z
    .number()
    .min(0)
    .refine((value) => value < 1 || Number.isInteger(value), { error: 'a whole number, or a share below 1 is needed' })
    .optional()
    .describe(
      'Bad rows that are left out without stopping the run, as a number of rows, or below 1 as a share of all (0.01: one row in a hundred); default 0.',
    ),
});

const benchmarkSchema = z.strictObject({
  name: name
    .refine((text) => text !== OVERALL, { error: `"${OVERALL}" is what all benchmarks together are called` })
    .describe('Name of the benchmark in tables and metrics.'),
  ...entry,
});

export const dataSchema = z
  .strictObject({
    train: z.array(trainEntrySchema).default([]).describe('Questions for the filter and for training.'),
    benchmarks: z
      .array(benchmarkSchema)
      .min(1, { error: 'at least one benchmark is needed: evaluation, sweep and report are made of them' })
      .describe('Held-out questions for evaluation and sweep.'),
  })
  .describe('Where the questions come from.');

/** One entry of `data.train` or `data.benchmarks`. */
export type DataEntry = z.infer<typeof trainEntrySchema>;

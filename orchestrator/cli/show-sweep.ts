import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.js';
import { openStore } from '../store/index.js';
import {
  csvOf,
  rules,
  type SweepOptions,
  type SweepResult,
  type SweepRow,
  sweep,
  sweepRowOf,
  sweepRowSchema,
} from '../sweep/index.js';
import { formatTable, printJson, printText } from './output.js';
import { readJsonLines } from './read-json-lines.js';

const flagsSchema = z.object({
  benchmark: z.string().optional(),
  holdout: z.coerce.number().gt(0).lt(1).optional(),
  tolerance: z.coerce.number().min(0).max(1).optional(),
  rule: z.enum(rules).optional(),
  budget: z.coerce.number().gt(0).optional(),
  seed: z.coerce.number().int().optional(),
  runs: z.string().default(process.env.VAUTO_RUNS ?? 'runs'),
  csv: z.boolean().default(false),
  json: z.boolean().default(false),
});

/** Frontier points shown to people; --json gives all. */
const SHOWN_POINTS = 12;

/** `vauto sweep`: a run's recorded greedy traces, or rows from a file. */
export async function showSweep(source: string, given: Record<string, string | boolean>): Promise<void> {
  const flags = parseFlags(given);
  const ofFile = source === '-' || existsSync(source);
  const { rows: all, known } = ofFile ? await ofRowsFile(source) : ofRun(source, resolve(flags.runs));
  const rows = flags.benchmark === undefined ? all : all.filter((row) => row.benchmark === flags.benchmark);
  if (rows.length === 0) throw noRows(source, flags.benchmark, all);
  const options = {
    holdout: flags.holdout ?? known.holdout,
    rule: flags.rule ?? known.rule,
    tolerance: flags.tolerance ?? known.tolerance,
    budget: flags.budget ?? known.budget,
    seed: flags.seed ?? known.seed,
  };
  if (options.rule === 'token-budget' && options.budget === undefined) throw noBudget();
  const result = sweep(rows, options);
  if (flags.json) return printJson(result);
  if (flags.csv) return printText(csvOf({ [flags.benchmark ?? 'all']: result.points }));
  const stride = Math.max(1, Math.floor(result.points.length / SHOWN_POINTS));
  const points = result.points.filter((_, index) => index % stride === 0 || index === result.points.length - 1);
  const columns = ['threshold', 'accuracy %', 'think %', 'mean tokens', 'exits right %', 'recall %'].map((header) => ({
    header,
    align: 'right' as const,
  }));
  printText(
    formatTable(
      columns,
      points.map((point) => [
        point.threshold.toFixed(4),
        percent(point.accuracy),
        percent(point.thinkRatio),
        point.meanTokens.toFixed(1),
        point.exitAccuracy === null ? null : percent(point.exitAccuracy),
        point.thinkRecall === null ? null : percent(point.thinkRecall),
      ]),
    ),
  );
  const { chosen, never, always, calibration, n } = result;
  printText(
    [
      `${n} questions; never think ${percent(never.accuracy)} % (${never.meanTokens.toFixed(1)} tokens), always ${percent(always.accuracy)} % (${always.meanTokens.toFixed(1)})`,
      `chosen τ ${chosen.threshold.toFixed(4)} (${chosen.rule})${chosen.heldOut ? ` on one part; on the other (${chosen.n})` : `, reported on the questions it was chosen on (${chosen.n})`}: ${percent(chosen.accuracy)} % [${chosen.ci.map(percent).join(', ')}], think ${percent(chosen.thinkRatio)} %, ${chosen.meanTokens.toFixed(1)} tokens`,
      `against always thinking on these: ${signed(chosen.versusAlways.difference)} points of accuracy [${chosen.versusAlways.ci.map(signed).join(', ')}]`,
      `calibration of the first answer: ECE ${calibration.ece.toFixed(3)}, AUROC ${calibration.auroc?.toFixed(3) ?? 'undefined (all right or all wrong)'}`,
      ...scalingLine(calibration.scaling),
    ].join('\n'),
  );
}

function scalingLine(scaling: SweepResult['calibration']['scaling']): string[] {
  if (scaling === null) return [];
  const { temperature, eceBefore, eceAfter, n, heldOut } = scaling;
  const where = heldOut ? `on ${n} held-out ones` : `on the ${n} it was fitted on`;
  return [
    `temperature scaling (T = ${temperature.toFixed(2)}) would change the ECE from ${eceBefore.toFixed(3)} to ${eceAfter.toFixed(3)}, ${where}; the frontier stays`,
  ];
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}

function signed(share: number): string {
  return `${share < 0 ? '' : '+'}${percent(share)}`;
}

function noBudget(): UserError {
  return new UserError({
    code: 'usage',
    kind: 'usage',
    message: '--rule token-budget needs a budget',
    fix: 'add --budget 40 (mean generated tokens a question)',
  });
}

function parseFlags(given: Record<string, string | boolean>): z.infer<typeof flagsSchema> {
  const parsed = flagsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const flag = String(issue?.path[0]);
  throw new UserError({
    code: 'usage',
    kind: 'usage',
    message: `--${flag} is ${String(given[flag])}: ${issue?.message ?? 'not allowed'}`,
    fix: 'see vauto sweep --help',
  });
}

interface Source {
  readonly rows: SweepRow[];
  /** What counts unless the command line says otherwise. */
  readonly known: SweepOptions;
}

const DEFAULTS: SweepOptions = { holdout: 0.5, rule: 'fewest-tokens', tolerance: 0.01, seed: 0 };
/** A run's own settings; an older one may lack some. */
const recipeSchema = z.object({
  sweep: z
    .object({ holdout: z.number(), rule: z.enum(rules), tolerance: z.number(), budget: z.number() })
    .partial()
    .catch({}),
});

async function ofRowsFile(file: string): Promise<Source> {
  const rows: SweepRow[] = [];
  for await (const { value } of readJsonLines(file, sweepRowSchema)) rows.push(value);
  return { rows, known: DEFAULTS };
}

/** The rows that the run's sweep stage used, and how it chose: the same threshold comes out. */
function ofRun(name: string, runs: string): Source {
  const file = join(runs, 'vauto.db');
  if (!existsSync(file)) throw unknownRun(name, file);
  const store = openStore(file, { readonly: true });
  try {
    const run = store.findRun(name);
    const evaluation =
      run && store.stages(run.id).find((stage) => stage.name === 'evaluate' && stage.status === 'done');
    if (!run || !evaluation) throw unknownRun(name, file);
    const rows = [...store.stageRows(evaluation.id)]
      .filter((row) => row.pass === 'greedy')
      .map((row) => sweepRowOf(row, store.findPrompt(run.id, row.set, row.promptId)));
    const settings = recipeSchema.safeParse(run.recipe).data?.sweep ?? {};
    return { rows, known: { ...DEFAULTS, ...settings, seed: run.seed } as SweepOptions };
  } finally {
    store.close();
  }
}

function unknownRun(name: string, file: string): UserError {
  return new UserError({
    code: 'unknown-run',
    kind: 'usage',
    message: `${name} is neither a file nor a run with a finished evaluation in ${file}`,
    fix: 'see vauto runs list; --runs names another folder',
  });
}

function noRows(source: string, benchmark: string | undefined, all: readonly SweepRow[]): UserError {
  const known = [...new Set(all.map((row) => row.benchmark))];
  const message = benchmark === undefined ? `${source} holds no rows` : `${source} has no benchmark ${benchmark}`;
  return new UserError({
    code: 'no-rows',
    kind: 'data',
    message,
    ...(known.length > 0 ? { fix: `it has: ${known.join(', ')}` } : {}),
  });
}

import type { MetricRow } from '../../store/index.js';
import { type Cell, type Column, formatBytes, formatSeconds, formatTable } from '../output.js';
import { noteText } from './notes.js';
import { localTime, tableWidth } from './open.js';
import type { RunView } from './show.js';
import { filterText } from './show-filter.js';
import { formatTraining } from './show-training.js';

const right = (header: string): Column => ({ header, align: 'right' });
const left = (header: string, shrink = false): Column => ({ header, shrink });

/** A run for people; every section that has nothing to say is left out. */
export function formatRun(view: RunView): string {
  const sections = [
    heading(view),
    stages(view),
    ledger(view),
    metrics(view),
    formatTraining(view),
    sweep(view),
    artifacts(view),
    warnings(view),
  ];
  return sections.filter((section) => section !== '').join('\n');
}

function heading({ run, resume }: RunView): string {
  const why = run.reason === null ? '' : `\n${run.reason}`;
  const reason = resume === null ? why : `${why}\ncontinue with: ${resume}`;
  const tags = run.tags.length === 0 ? '' : `tags: ${run.tags.join(', ')}\n`;
  const note = run.note === null ? '' : `note: ${noteText(run.note)}\n`;
  return `${run.name}: ${run.status}${reason}\nstarted ${localTime(run.createdAt)}, seed ${run.seed}, folder ${run.folder}\n${tags}${note}`;
}

function stages(view: RunView): string {
  const columns = [left('stage'), left('status'), left('key'), right('time'), right('reused'), left('note', true)];
  const rows = view.stages.map((stage) => [
    ...[
      stage.name,
      stage.status,
      stage.key.slice(0, 10),
      formatSeconds(stage.seconds),
      stage.reuses === 0 ? null : `${stage.reuses}×`,
    ],
    stage.reason ?? (stage.attempt > 1 ? `attempt ${stage.attempt}` : null),
  ]);
  return rows.length === 0 ? '' : `${table(columns, rows)}${usage(view)}`;
}

function usage({ usage: { seconds, peakMemoryBytes, engineLoadSeconds } }: RunView): string {
  const parts = [
    `${formatSeconds(seconds)} in all`,
    ...(peakMemoryBytes === null ? [] : [`at most ${formatBytes(peakMemoryBytes)} of memory`]),
    ...(engineLoadSeconds === null ? [] : [`vLLM up ${engineLoadSeconds.toFixed(1)} s after its import`]),
  ];
  return `${parts.join('; ')}\n`;
}

function ledger(view: RunView): string {
  const { ledger: counts } = view;
  const lines = [table([left('prompts in', true), right('prompts')], Object.entries(counts.prompts)).trimEnd()];
  const decided = counts.kept + counts.dropped + counts.unknown;
  if (decided > 0) lines.push(filterText(view));
  const rows: Cell[][] = counts.stages.filter(({ units, promptsIn }) => units > 0 || promptsIn > 0).map(ledgerRow);
  if (rows.length === 0) return `${lines.join('\n')}\n`;
  rows.push(['all', null, null, null, ...COUNTED.map((name) => counts[name])]);
  return `${lines.join('\n')}\n\n${table(LEDGER, rows)}`;
}

const COUNTED = ['rollouts', 'failures', 'cached', 'retried', 'lost'] as const;
const LEDGER = [
  left('ledger'),
  ...['prompts', 'done', 'unknown', 'rollouts', 'failed', 'cached', 'retried', 'lost'].map(right),
];

function ledgerRow(stage: RunView['ledger']['stages'][number]): Cell[] {
  return [stage.stage, stage.promptsIn, stage.done, stage.unknown, ...COUNTED.map((name) => stage[name])];
}

/** One line per benchmark and policy: accuracy before and after training with its interval, and what it costs. */
function metrics({ metrics: all }: RunView): string {
  const after = all.filter((metric) => metric.stage === 'evaluate');
  const shown = after.length > 0 ? after : all;
  const pairs = new Map(shown.map((metric) => [`${metric.benchmark}\0${metric.policy}`, metric]));
  const rows = [...pairs.values()].flatMap(({ benchmark, policy }) => {
    const find = (stage: string, name: string) =>
      all.find(
        (metric) =>
          metric.stage === stage && metric.benchmark === benchmark && metric.policy === policy && metric.name === name,
      );
    const [before, now] = [find('evaluate-before', 'accuracy'), find('evaluate', 'accuracy')];
    if (before === undefined && now === undefined) return [];
    const cost = (name: string, digits: number) =>
      (find('evaluate', name) ?? find('evaluate-before', name))?.value?.toFixed(digits);
    return [[benchmark, policy, percentOf(before), percentOf(now), cost('tokens', 1), cost('think-ratio', 2)]];
  });
  if (rows.length === 0) return '';
  const columns = [
    left('benchmark', true),
    left('policy'),
    right('before % [95%]'),
    right('after % [95%]'),
    right('tokens'),
    right('think'),
  ];
  return table(columns, rows) + gains(all);
}

function gains(all: RunView['metrics']): string {
  return differences(all, 'gain', 'gain by training') + comparisons(all);
}

/** What thinking adds and early exit costs, after training when there was any. */
function comparisons(all: RunView['metrics']): string {
  const stage = all.some((metric) => metric.stage === 'evaluate') ? 'evaluate' : 'evaluate-before';
  const latest = all.filter((metric) => metric.stage === stage);
  return (
    differences(latest, 'versus-never', 'thinking adds to accuracy') +
    differences(latest, 'versus-always', 'early exit adds to accuracy') +
    differences(latest, 'token-saving', 'early exit saves tokens')
  );
}

function differences(all: RunView['metrics'], name: string, title: string): string {
  const rows = all
    .filter((metric) => metric.name === name)
    .map((metric) => [metric.benchmark, metric.policy, percentOf(metric, true), metric.n]);
  if (rows.length === 0) return '';
  return `\n${table([left(title, true), left('policy'), right(name === 'token-saving' ? '% [95%]' : 'points [95%]'), right('n')], rows)}`;
}

function percentOf(metric: MetricRow | undefined, signed = false): string | null {
  if (metric === undefined || metric.value === null) return null;
  const text = (value: number) => `${signed && value > 0 ? '+' : ''}${(100 * value).toFixed(1)}`;
  const { low, high } = metric;
  return low === null || low === undefined || high === null || high === undefined
    ? text(metric.value)
    : `${text(metric.value)} [${text(low)}, ${text(high)}]`;
}

interface Chosen {
  readonly threshold: number;
  readonly accuracy: number;
  readonly thinkRatio?: number;
  readonly meanTokens?: number;
}

interface Live {
  readonly n: number;
  readonly same: number;
  readonly live: { readonly accuracy: number; readonly meanTokens: number };
}

function sweep({ sweep: result, run }: RunView): string {
  // A model that chooses by itself has no threshold.
  const { prompting } = (run.recipe ?? {}) as { prompting?: { mode?: string } };
  if (prompting?.mode === 'adapt-think') return '';
  const { pooled, live } = (result ?? {}) as { pooled?: { chosen?: Chosen }; live?: Live | null };
  const chosen = pooled?.chosen;
  if (chosen === undefined) return '';
  const more = [
    ...(chosen.meanTokens === undefined ? [] : [`${chosen.meanTokens.toFixed(1)} tokens`]),
    ...(chosen.thinkRatio === undefined ? [] : [`think ratio ${chosen.thinkRatio.toFixed(2)}`]),
  ];
  return `sweep: threshold ${chosen.threshold.toFixed(4)} chosen; accuracy ${(100 * chosen.accuracy).toFixed(1)}%${more.map((text) => `, ${text}`).join('')}\n${live ? liveLine(live) : ''}`;
}

function liveLine({ n, same, live }: Live): string {
  return `live check: ${same} of ${n} answers as recorded; accuracy ${(100 * live.accuracy).toFixed(1)}%, ${live.meanTokens.toFixed(1)} tokens\n`;
}

function artifacts({ artifacts: list }: RunView): string {
  const rows = list.map((item) => [item.path, item.stage, formatBytes(item.bytes), item.sha256.slice(0, 12)]);
  return rows.length === 0 ? '' : table([left('artifact', true), left('stage'), right('size'), left('sha256')], rows);
}

function warnings({ warnings: list }: RunView): string {
  const kinds = new Map<string, { message: string; n: number }>();
  for (const { kind, message } of list) kinds.set(kind, { message, n: (kinds.get(kind)?.n ?? 0) + 1 });
  return [...kinds].map(([kind, { message, n }]) => `warning ${kind}${n > 1 ? ` (${n}×)` : ''}: ${message}\n`).join('');
}

function table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  return formatTable(columns, rows, tableWidth());
}

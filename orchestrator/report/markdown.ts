import { standalone } from './chart.js';
import type { ReportData, TraceSample } from './data.js';
import { figuresOf, type NamedFigure } from './figure-list.js';
import { headlines, summary } from './headline.js';
import { LIVE_COLUMNS, LIVE_TITLE, liveRows, liveText } from './live.js';
import { costText, estimateText, fixed, interval, signedPoints, thresholdText } from './numbers.js';
import { goldText, shorten } from './page-trace.js';

export interface RenderedMarkdown {
  readonly text: string;
  /** SVG files that the text links to, by name. */
  readonly figures: Readonly<Record<string, string>>;
}

/** report.md: the numbers of the page, with its figures as files beside it. */
export function renderMarkdown(data: ReportData): RenderedMarkdown {
  const figures = figuresOf(data);
  const sections = [
    `# ${plain(data.run)}\n\n${plain(summary(data))}`,
    headlines(data)
      .map(({ label, value, detail }) => `- **${label}: ${value}** (${detail})`)
      .join('\n'),
    links(figures.filter(({ name }) => !name.startsWith('frontier-'))),
    results(data),
    live(data),
    byBenchmark(figures),
    data.traces.length > 0
      ? `## Sample traces\n\nTheir frames are in report.html.\n\n${data.traces.map((trace) => traceText(trace, data.threshold)).join('\n\n')}`
      : '',
    data.warnings.length > 0 ? `## Warnings\n\n${data.warnings.map((text) => `- ${plain(text)}`).join('\n')}` : '',
    setup(data),
  ];
  const text = `${sections.filter((section) => section !== '').join('\n\n')}\n`;
  return { text, figures: Object.fromEntries(figures.map(({ name, figure }) => [`${name}.svg`, standalone(figure)])) };
}

function links(figures: readonly NamedFigure[]): string {
  return figures
    .map(({ name, figure, caption }) => `![${plain(figure.title)}](${name}.svg)\n\n${plain(caption)}`)
    .join('\n\n');
}

function byBenchmark(figures: readonly NamedFigure[]): string {
  const each = figures.filter(({ name }) => name.startsWith('frontier-'));
  return each.length > 1 ? `## Accuracy against tokens, by benchmark\n\n${links(each)}` : '';
}

function results({ table: lines, gains, choosesItself }: ReportData): string {
  if (lines.length === 0) return '';
  const trained = lines.some((row) => row.before !== null && row.after !== null);
  const moves = trained && choosesItself;
  const rows = lines.map(({ benchmark, policy, before, after, tokens, thinkRatio }) => {
    const gain = gains.find((item) => item.benchmark === benchmark && item.policy === policy)?.gain;
    const change = gain ? `${signedPoints(gain.value)} ${interval(gain)}` : '';
    const accuracy = trained ? [estimateText(before), estimateText(after), change] : [estimateText(after ?? before)];
    return [plain(benchmark), policy, ...accuracy, costText(tokens, 1, moves), costText(thinkRatio, 2, moves)];
  });
  const heads = [
    'benchmark',
    'policy',
    ...(trained ? ['before', 'after', 'gain, points'] : ['accuracy']),
    'tokens',
    'think ratio',
  ];
  return `## ${trained ? 'Before and after training' : 'Accuracy'}\n\nAccuracy with 95% intervals.\n\n${table(heads, 2, rows)}`;
}

function live({ live: check }: ReportData): string {
  if (check === null) return '';
  return `## ${LIVE_TITLE}\n\n${plain(liveText(check))}\n\n${table(LIVE_COLUMNS, 1, liveRows(check))}`;
}

/** A table whose first `left` columns are text. */
function table(heads: readonly string[], left: number, rows: readonly (readonly string[])[]): string {
  const ruler = heads.map((_, index) => (index < left ? '---' : '--:'));
  return [heads, ruler, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function traceText(
  { title, benchmark, prompt, text, trace, verdicts, reward, exits, chosen }: TraceSample,
  threshold: number,
): string {
  const options = (prompt.options ?? []).map((option, index) => `${String.fromCharCode(65 + index)}. ${option}`);
  const graded = (correct: boolean | null | undefined) =>
    correct === null ? 'not graded' : correct ? 'right' : 'wrong';
  const compared =
    trace.confidence === null
      ? 'none'
      : `${trace.confidence.toFixed(3)} ${exits ? '≥' : '<'} ${thresholdText(threshold)}`;
  const decided = chosen
    ? `Answer ${graded(verdicts.second?.correct)}. ${exits ? 'Does not think' : 'Thinks'}, ${trace.tokens.total} tokens.`
    : `First answer ${graded(verdicts.first?.correct)}, second answer ${graded(verdicts.second?.correct)}. Confidence ${compared}: ${exits ? `stops after ${trace.tokens.first} of` : 'thinks,'} ${trace.tokens.total} tokens.`;
  return [
    `### ${plain(title)}`,
    `${plain(benchmark)}, ${prompt.problemType}. Gold answer: ${plain(goldText(prompt))}. ${decided} Reward ${fixed(reward?.total ?? null, 2)}.`,
    fenced([prompt.question, ...options].join('\n')),
    fenced(shorten(text)),
  ].join('\n\n');
}

function setup({ recipe, environment, counts }: ReportData): string {
  const prompts = Object.entries(counts.prompts).map(([set, n]) => [`prompts ${set}`, String(n)] as const);
  const ledger = [
    ...prompts,
    ['rollouts', String(counts.rollouts)],
    ['failed requests', String(counts.failures)],
    ['lost', String(counts.lost)],
  ] as const;
  const list = (lines: readonly (readonly [string, string])[]) =>
    lines.map(([label, value]) => `- ${plain(label)}: ${plain(value)}`).join('\n');
  return `## How it was made\n\n${[list(recipe), list(environment), list(ledger)].filter((part) => part !== '').join('\n\n')}`;
}

/** Text of others, kept from being read as Markdown or HTML. */
function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').replace(/[\\`*_{}[\]<>#|&~]/g, (character) => `\\${character}`);
}

/** A code block whose fence is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text.replace(/[^\P{Cc}\n\t]/gu, '\ufffd')}\n${fence}`;
}

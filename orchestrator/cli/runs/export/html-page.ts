import { createHash } from 'node:crypto';
import type { RunDetail } from '../../../browser/api/index.js';
import { thresholdOf } from '../../../browser/reader/threshold.js';
import { inline } from '../../../report/chart.js';
import { rewardFigure } from '../../../report/figures.js';
import { Markup, markup } from '../../../report/markup.js';
import { thresholdText } from '../../../report/numbers.js';
import { PAGE_CSS } from '../../../report/style.js';
import { endsOf } from '../../../statistics/index.js';
import type { StepRow } from '../../../store/index.js';
import type { FilterFlags } from '../rollout-filter.js';
import { differenceTable, evaluationTable, filterTable } from './html-tables.js';

const CSS = `${PAGE_CSS}
details{margin-top:.6rem;border-top:1px solid var(--line);padding-top:.6rem}
summary{cursor:pointer;overflow-wrap:anywhere}
summary .chip{margin-left:0}
details .trace{margin-top:.75rem}
.plain{white-space:pre-wrap;overflow-wrap:anywhere}
table .text{text-align:left}
h1+.note{margin-top:.75rem}
figure{max-width:40rem;margin-top:1.75rem}`;

const STYLE_HASH = createHash('sha256').update(CSS).digest('base64');
/** Nothing is loaded and nothing runs. The hash allows this one style alone. */
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;

export interface PageFacts {
  readonly detail: RunDetail;
  readonly recipe: unknown;
  readonly steps: readonly StepRow[];
  /** Traces of the page, and all that fit the filters. */
  readonly shown: number;
  readonly total: number;
  readonly flags: FilterFlags;
}

export const PAGE_END = '</section>\n</main>\n</body>\n</html>\n';

/** The page up to its traces. */
export function pageHead({ detail, recipe, steps, shown, total, flags }: PageFacts): Markup {
  const { run } = detail;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${run.name}: rollouts</title>
<style>${new Markup(CSS)}</style>
</head>
<body>
<main>
${heading(detail)}
${evaluationTable(detail)}
${differenceTable(detail)}
${gate(detail, recipe)}
${filterTable(detail)}
${training(steps)}
<section><h2>Traces</h2><p class="note">Shown: ${shown} of ${total} rollouts. Filter: ${filterText(flags)}.</p>
`;
}

function heading({ run }: RunDetail): Markup {
  const facts = [
    `${run.status}${run.reason === null ? '' : `: ${run.reason}`}`,
    `started ${run.createdAt.slice(0, 16).replace('T', ' ')} UTC, seed ${run.seed}, ${run.rollouts} rollouts`,
    ...(run.tags.length === 0 ? [] : [`tags: ${run.tags.join(', ')}`]),
  ];
  const note = run.note !== null && markup`<p class="plain">${run.note}</p>`;
  return markup`<header><p class="kicker">vauto rollouts</p><h1>${run.name}</h1>${facts.map((fact) => markup`<p class="note">${fact}</p>`)}${note}</header>`;
}

function gate({ threshold }: RunDetail, recipe: unknown): Markup {
  if (threshold === null) return markup``;
  const swept = threshold.from === 'sweep';
  const evaluated =
    swept &&
    `The evaluation above worked with τ = ${thresholdText(thresholdOf(recipe, undefined).value)} of the recipe.`;
  return markup`<section><h2>Threshold</h2><p>τ = ${thresholdText(threshold.value)}, ${swept ? 'chosen by the sweep' : 'of the recipe'}: from this confidence on, the first answer counts. ${evaluated}</p></section>`;
}

function training(steps: readonly StepRow[]): Markup {
  const points = steps.flatMap(({ step, metrics }) =>
    typeof metrics.reward_mean === 'number' ? [{ step, reward: metrics.reward_mean }] : [],
  );
  if (points.length === 0) return markup``;
  const { first, last } = endsOf(points.map(({ reward }) => reward));
  const figure = rewardFigure({ points, rewardFirst: first, rewardLast: last });
  const caption = `Mean reward: ${first.toFixed(2)} over the first fifth of ${points.length} steps, ${last.toFixed(2)} over the last.`;
  return markup`<section><h2>Training</h2><figure>${inline(figure, 'figure-reward')}<figcaption>${caption}</figcaption></figure></section>`;
}

const FILTERS = {
  ...{ stage: 'stage', pass: 'pass', set: 'set', source: 'source', type: 'type', prompt: 'prompt' },
  ...{ first: 'first answer', second: 'second answer', gate: 'gate', threshold: 'threshold' },
  ...{ minConfidence: 'confidence at least', maxConfidence: 'confidence at most' },
  ...{ state: 'verdict state', search: 'search' },
} as const;

function filterText(flags: FilterFlags): string {
  const given = Object.entries(FILTERS).flatMap(([name, label]) => {
    const value = flags[name as keyof typeof FILTERS];
    return value === undefined ? [] : [`${label} ${value}`];
  });
  const all = [...given, ...(flags.wrong ? ['answer wrong'] : [])];
  return all.length === 0 ? 'none' : all.join(', ');
}

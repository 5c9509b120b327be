import { createHash } from 'node:crypto';
import { inline } from './chart.js';
import type { Estimate, ReportData, TableRow } from './data.js';
import { figuresOf, type NamedFigure } from './figure-list.js';
import { headlines, summary } from './headline.js';
import { LIVE_COLUMNS, LIVE_TITLE, liveRows, liveText } from './live.js';
import { Markup, markup } from './markup.js';
import { costText, interval, percent, signedPoints } from './numbers.js';
import { traceSection } from './page-trace.js';
import { PAGE_CSS } from './style.js';

const STYLE_HASH = createHash('sha256').update(PAGE_CSS).digest('base64');
/** Nothing is loaded, nothing runs: the page is text, its own style and images that it carries. */
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'`;

/** What the policies of the table are. */
const GATED =
  "never: the first answer counts; always: the second; auto: the first when its confidence reaches the recipe's threshold; sampled: the second, at the training temperature";
const CHOICES =
  'never: made to answer at once; always: made to think; auto: as the model chooses; sampled: the same at the training temperature';

/** report.html: one file that needs no network and no script. Model output is text in it, never markup. */
export function renderPage(data: ReportData): string {
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${data.run}: vauto report</title>
<style>${new Markup(PAGE_CSS)}</style>
</head>
<body>
<main>
${header(data)}
${figureGrid(data, ['frontier', 'reward'])}
${results(data)}
${live(data)}
${figureSection(data, 'From filter to calibration', ['filter', 'calibration'])}
${benchmarkFrontiers(data)}
${traces(data)}
${warnings(data)}
${setup(data)}
</main>
</body>
</html>
`;
  return page.text;
}

function header(data: ReportData): Markup {
  const items = headlines(data).map(
    ({ label, value, detail }) =>
      markup`<div><dt>${label}</dt><dd class="value">${value}</dd><dd class="detail">${detail}</dd></div>`,
  );
  return markup`<header><p class="kicker">vauto report · ${data.startedAt.slice(0, 10)}</p><h1>${data.run}</h1><p class="lede">${summary(data)}</p>${
    items.length > 0 && markup`<dl class="headlines">${items}</dl>`
  }</header>`;
}

function figureGrid(data: ReportData, wanted: readonly string[]): Markup {
  const figures = figuresOf(data).filter(({ name }) => wanted.includes(name));
  return markup`${figures.length > 0 && markup`<div class="figures">${figures.map(figureElement)}</div>`}`;
}

function figureElement({ name, figure, heading, caption }: NamedFigure): Markup {
  return markup`<figure><h3>${heading}</h3>${inline(figure, `figure-${name}`)}<figcaption>${caption}</figcaption></figure>`;
}

function figureSection(data: ReportData, title: string, wanted: readonly string[]): Markup {
  const grid = figureGrid(data, wanted);
  return markup`${grid.text !== '' && markup`<section><h2>${title}</h2>${grid}</section>`}`;
}

function benchmarkFrontiers(data: ReportData): Markup {
  const names = figuresOf(data).flatMap(({ name }) => (name.startsWith('frontier-') ? [name] : []));
  return names.length > 1 ? figureSection(data, 'Accuracy against tokens, by benchmark', names) : markup``;
}

function results(data: ReportData): Markup {
  if (data.table.length === 0) return markup``;
  const trained = data.table.some((row) => row.before !== null && row.after !== null);
  const moves = trained && data.choosesItself;
  const rows = data.table.map((row, index) => {
    const first = data.table[index - 1]?.benchmark !== row.benchmark;
    const group = first && markup`<tr class="group"><th colspan="${trained ? 6 : 4}">${row.benchmark}</th></tr>`;
    const accuracy = trained
      ? markup`<td>${estimate(row.before)}</td><td>${estimate(row.after)}</td><td>${gainOf(data, row)}</td>`
      : markup`<td>${estimate(row.after ?? row.before)}</td>`;
    return markup`${group}<tr class="${row.policy}"><td>${row.policy}</td>${accuracy}<td>${costText(row.tokens, 1, moves)}</td><td>${costText(row.thinkRatio, 2, moves)}</td></tr>`;
  });
  const heads = trained
    ? markup`<th>before training</th><th>after training</th><th>gain, points</th>`
    : markup`<th>accuracy</th>`;
  return markup`<section><h2>${trained ? 'Before and after training' : 'Accuracy'}</h2><p class="note">Accuracy with 95% intervals, drawn over videos. ${data.choosesItself ? CHOICES : GATED}; chance: answers exchanged between questions. Gains are paired by question.</p><div class="scroll"><table><thead><tr><th>policy</th>${heads}<th>tokens</th><th>think ratio</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function live({ live: check }: ReportData): Markup {
  if (check === null) return markup``;
  const heads = LIVE_COLUMNS.map((title) => markup`<th>${title}</th>`);
  const rows = liveRows(check).map((cells) => markup`<tr>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`);
  return markup`<section><h2>${LIVE_TITLE}</h2><p class="note">${liveText(check)}</p><div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function estimate(value: Estimate | null): Markup {
  return value === null ? markup`–` : markup`${percent(value.value)} <span class="ci">${interval(value)}</span>`;
}

/** Coloured only where the interval leaves 0 out. */
function gainOf({ gains }: ReportData, { benchmark, policy }: TableRow): Markup {
  const gain = gains.find((item) => item.benchmark === benchmark && item.policy === policy)?.gain;
  if (gain === undefined) return markup``;
  const kind = gain.low !== null && gain.low > 0 ? 'up' : gain.high !== null && gain.high < 0 ? 'down' : '';
  return markup`<span class="${kind}">${signedPoints(gain.value)}</span> <span class="ci">${interval(gain)}</span>`;
}

function traces(data: ReportData): Markup {
  if (data.traces.length === 0) return markup``;
  const items = data.traces.map((trace) => traceSection(trace, data.threshold));
  return markup`<section><h2>Sample traces</h2><p class="note">Greedy rollouts of the evaluation, with frames that the model saw. The marked texts are the first and the second answer.</p>${items}</section>`;
}

function warnings({ warnings: list }: ReportData): Markup {
  if (list.length === 0) return markup``;
  return markup`<section><h2>Warnings</h2><ul class="warnings">${list.map((text) => markup`<li>${text}</li>`)}</ul></section>`;
}

function setup({ recipe, environment, counts }: ReportData): Markup {
  const { prompts, rollouts, failures, lost } = counts;
  const ledger = [
    ...Object.entries(prompts).map(([set, n]) => [`prompts ${set}`, String(n)] as const),
    ['rollouts', String(rollouts)] as const,
  ];
  const lists = [
    ['Recipe', recipe],
    ['Environment', environment],
    ['Ledger', [...ledger, ['failed requests', String(failures)] as const, ['lost', String(lost)] as const]],
  ] as const;
  const columns = lists
    .filter(([, lines]) => lines.length > 0)
    .map(
      ([title, lines]) =>
        markup`<div><h3>${title}</h3><dl class="facts">${lines.map(([label, value]) => markup`<dt>${label}</dt><dd>${value}</dd>`)}</dl></div>`,
    );
  return markup`<section><h2>How it was made</h2><div class="columns">${columns}</div></section>`;
}

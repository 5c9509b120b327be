import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import type { Prompt } from '../../../orchestrator/records/index.js';
import { collectReport, type ReportData, renderMarkdown, renderPage } from '../../../orchestrator/report/index.js';
import { demoFrames, demoRun, HOSTILE } from './demo-run.js';

let data: ReportData;
let folder: string;
beforeAll(async () => {
  const made = demoRun();
  folder = made.folder;
  data = await collectReport(made.store, made.runId, { traces: 3, thumbnails: async () => demoFrames(4) });
});

test('every number comes from the store', () => {
  expect(data.counts).toMatchObject({
    prompts: { train: 200, 'benchmark:reasoning': 120 },
    rollouts: 920,
    failures: 0,
    lost: 0,
  });
  expect(data.filter).toMatchObject({ rollouts: 8, keep: 132, drop: 65, unknown: 3 });
  expect(data.training?.points).toHaveLength(60);
  expect(data.training?.rewardLast).toBeGreaterThan(data.training?.rewardFirst ?? 0);
  expect(data.frontiers.map((frontier) => frontier.benchmark)).toEqual([
    null,
    'perception',
    'reasoning',
    'temporal-grounding',
  ]);
  expect(data.threshold).toBe(data.frontiers[0]?.chosen?.threshold);
  expect(data.table.filter((row) => row.benchmark === 'reasoning').map((row) => row.policy)).toEqual([
    'never',
    'always',
    'auto',
    'sampled',
    'chance',
  ]);
  expect(data.table[0]?.before?.n).toBe(120);
  expect(
    data.gains.find((item) => item.benchmark === 'perception' && item.policy === 'sampled')?.gain.value,
  ).toBeCloseTo(0.42);
  expect(data.warnings).toEqual(['3 prompts could not be decided']);
});

test('sample traces show the gate at work, thinking at work, and a failure', () => {
  expect(data.traces).toHaveLength(3);
  const [exit, thought] = data.traces;
  expect(exit).toMatchObject({ exits: true, verdicts: { first: { correct: true } } });
  expect(thought).toMatchObject({ exits: false, verdicts: { first: { correct: false }, second: { correct: true } } });
  expect(new Set(data.traces.map((trace) => trace.title)).size).toBe(3);
  expect(data.traces[0]?.frames).toHaveLength(4);
});

test('page and Markdown say the same numbers', () => {
  const page = renderPage(data);
  const { text, figures } = renderMarkdown(data);
  const linked = [...text.matchAll(/\]\(([^)]+\.svg)\)/g)].map((match) => match[1]);
  expect(linked.sort()).toEqual(Object.keys(figures).sort());
  expect(linked).toEqual(
    expect.arrayContaining(['frontier.svg', 'reward.svg', 'filter.svg', 'calibration.svg', 'frontier-reasoning.svg']),
  );
  const intervals = text.match(/\d+\.\d% \[[^\]]+\]/g) ?? [];
  expect(intervals.length).toBeGreaterThan(20);
  const plainPage = page.replace(/<[^>]+>/g, '').replace(/\s+/g, ' ');
  for (const value of intervals) expect(plainPage).toContain(value);
});

test('the frontier has its band, and the live check its table', () => {
  const page = renderPage(data);
  const { text, figures } = renderMarkdown(data);
  expect(figures['frontier.svg']).toMatch(/class="band" d="M[\d. MLZ]+"/);
  for (const said of [page, text]) {
    expect(said).toContain('The engine stops by itself');
    expect(said).toContain('1 answer differs from the recorded one');
  }
  expect(text).toMatch(/\| stopped by the engine \| \d+\.\d% \| 0\.\d\d \| \d+\.\d \|/);
  expect(renderPage({ ...data, live: null })).not.toContain('The engine stops');
});

test('a page needs nothing but itself and runs nothing', () => {
  const page = renderPage(data);
  expect(page).toContain('default-src &#39;none&#39;');
  expect(page).not.toMatch(/<script|\son\w+=|javascript:|<link|<iframe|@import|url\(|style="/i);
  // The SVG namespace is a name, not an address that is fetched.
  expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//);
});

test('what a model or a data set says is text, in every place', () => {
  const first = data.traces[0];
  if (!first) throw new Error('no trace');
  const prompt: Prompt = {
    ...first.prompt,
    id: HOSTILE,
    question: HOSTILE,
    options: [HOSTILE, 'x'],
    answer: HOSTILE,
    source: HOSTILE,
  };
  const box = { text: HOSTILE, charStart: 0, charEnd: HOSTILE.length, tokenStart: 0, tokenEnd: 1 };
  const trace = {
    ...first,
    title: HOSTILE,
    benchmark: HOSTILE,
    prompt,
    text: `${HOSTILE}${'x'.repeat(1_000_000)}`,
    trace: { ...first.trace, first: box },
    frames: ['https://example.org/spy.png', 'javascript:alert(1)'],
  };
  const hostile: ReportData = {
    ...data,
    run: HOSTILE,
    recipe: [[HOSTILE, HOSTILE]],
    environment: [[HOSTILE, HOSTILE]],
    table: data.table.map((row) => ({ ...row, benchmark: HOSTILE })),
    frontiers: data.frontiers.map((frontier) => ({
      ...frontier,
      benchmark: frontier.benchmark === null ? null : HOSTILE,
    })),
    traces: [trace],
    warnings: [HOSTILE],
  };
  const page = renderPage(hostile);
  expect(page).not.toMatch(/<script|<img|onerror=alert\(2\)>(?!.*&gt;)/);
  expect(page).not.toContain('\u0007');
  expect(page).not.toContain('spy.png');
  expect(page.length).toBeLessThan(200_000);
  const { text, figures } = renderMarkdown(hostile);
  const outside = text.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '');
  expect(outside).not.toMatch(/(?<!\\)<(script|img)/);
  for (const [name, svg] of Object.entries(figures)) {
    expect(name).toMatch(/^[A-Za-z0-9._-]+\.svg$/);
    expect(svg).not.toContain('<script');
  }
});

test('a run without training, filter or sweep still has a page', () => {
  const bare: ReportData = {
    ...data,
    filter: null,
    training: null,
    frontiers: [],
    gains: [],
    traces: [],
    warnings: [],
    table: data.table.map((row) => ({ ...row, before: null })),
  };
  expect(renderPage(bare)).toContain('<h2>Accuracy</h2>');
  expect(renderPage({ ...bare, table: [], environment: [] })).toContain('No threshold sweep');
  expect(renderMarkdown({ ...bare, table: [] }).figures).toEqual({});
});

test('figures are well-formed XML with a title and a description', async () => {
  const parser =
    'import sys, xml.dom.minidom as m\nfor f in sys.argv[1:]:\n d = m.parse(f).documentElement\n assert d.getElementsByTagName("title") and d.getElementsByTagName("desc")';
  const files = Object.entries(renderMarkdown(data).figures).map(([name, svg]) => {
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    const file = join(folder, name);
    writeFileSync(file, svg);
    return file;
  });
  const { exitCode, stderr } = await execa('python3', ['-c', parser, ...files], { reject: false });
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
});

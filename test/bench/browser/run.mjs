// The run browser over a large store, while another process writes to it: each API question, the first paint, jumps in the table.
// All of it is measured a number of times that is fixed here, each with a new browser and writer: the middle counts, as the pace of
// a machine varies by more than what is left to a goal.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBrowser } from '../../../dist/browser/index.js';
import { makeStore } from './make.mjs';
import { measurePages } from './pages.mjs';

const [MEASUREMENTS, ROUNDS] = [5, 40];
const [QUERY_MS, PAINT_MS, JUMP_MS] = [50, 500, 200];

export const title = 'The run browser over 1,000 runs and 1,000,000 rollouts';

export async function run({ note }) {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-bench-'));
  try {
    const store = makeStore(folder, note);
    const measured = [];
    for (let nth = 1; nth <= MEASUREMENTS; nth += 1) {
      note(`measurement ${nth} of ${MEASUREMENTS}`);
      measured.push(await measure({ ...store, writing: `writing-${nth}`, folder }, note));
    }
    return resultOf(store.rollouts, measured);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure({ file, folder, large, small, writing }, note) {
  const writer = fork(new URL('writer.mjs', import.meta.url).pathname, [file, folder, writing]);
  const browser = await startBrowser({ file, host: '127.0.0.1', port: 0, onLog: note });
  try {
    await indexed(browser.url, large, '200,000', note);
    // The newest come first.
    await indexed(browser.url, 'run-0', 'all', note);
    const queries = await measureQueries(browser.url, large, small);
    const { paints, jumps } = await measurePages(browser.url, large);
    writer.send('stop');
    const [{ rate }] = await once(writer, 'message');
    return { queries, paint: Math.max(...paints), jumps, rate };
  } finally {
    writer.kill();
    await browser.close();
  }
}

/** Waits until the search knows a run: they are indexed in the background. */
async function indexed(url, run, many, note) {
  const started = performance.now();
  for (;;) {
    const { indexed: known, all } = await (await fetch(`${url}api/runs/${run}/traces?q=door&limit=1`)).json();
    if (known >= all) break;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  note(`${many} are indexed after ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

/** Words of the rollouts (store/rows.mjs): most of the large run has each. */
const WORDS = 'video shows person opens door walks window picks cup sitting'.split(' ');

/** Another search in each round, so that no result is at hand: a word, two, a phrase, a beginning. */
function searchOf(round) {
  const [word, next] = [0, 3].map((shift) => WORDS[(Math.floor(round / 4) + shift) % WORDS.length]);
  return [word, `${word} ${next}`, `"${word} ${next}"`, `${word.slice(0, 2)}*`][round % 4];
}

/** Frequent words in an order that hardly any rollout has: the index must not read on in other runs. */
function rareOf(round) {
  return [0, 3, 5, 1, 7].map((shift) => WORDS[(round + shift) % WORDS.length]).join(' ');
}

function questions(large, small, round) {
  const traces = (run, query) => `runs/${run}/traces?${query}&limit=100&offset=${round * 97}`;
  const other = `run-${(round * 13) % 900}`;
  return {
    'runs, a page': `runs?limit=100&offset=${round * 20}`,
    'runs, sorted and filtered': `runs?sort=accuracy&q=run-${round}&status=done`,
    'a run': `runs/run-${round * 20}`,
    'the large run': `runs/${large}`,
    'its steps': `runs/${large}/steps`,
    'its events': `runs/${large}/events`,
    'facets of the large run': `runs/${large}/facets`,
    'traces of the large run': traces(large, 'order=asc'),
    'traces, filtered': traces(large, `second=wrong&minConfidence=${(round / 100).toFixed(2)}`),
    'traces, sorted': traces(large, 'sort=confidence&order=desc'),
    'traces, searched': traces(large, `q=${encodeURIComponent(searchOf(round))}`),
    'traces of a small run': traces(other, 'gate=exit'),
    'a rare phrase in a small run': `runs/${other}/traces?q=${encodeURIComponent(`"${rareOf(round)}"`)}`,
    'a threshold': `runs/${small}/sweep/at?threshold=${(0.4 + round / 100).toFixed(2)}`,
    'two runs compared': `compare?run=run-${round}&run=${other}`,
    'their flips': `compare/flips?run=run-${round}&run=${other}&kind=fixed`,
    'three runs compared': `compare?${[0, 1, 2].map((nth) => `run=run-${round * 7 + nth * 300 + 5}`).join('&')}`,
  };
}

async function measureQueries(url, large, small) {
  const times = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, path] of Object.entries(questions(large, small, round))) {
      const started = performance.now();
      const reply = await fetch(`${url}api/${path}`);
      const answer = await reply.json();
      times[name] ??= [];
      times[name].push(performance.now() - started);
      if (!reply.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
      if (name === 'traces, filtered') {
        const [row] = answer.rows;
        const before = performance.now();
        await (await fetch(`${url}api/traces/${row.id}?second=wrong`)).json();
        times['a trace'] ??= [];
        times['a trace'].push(performance.now() - before);
      }
    }
  }
  return times;
}

/** Every figure is the middle of the measurements; in brackets the lowest and the highest. */
function resultOf(rollouts, measured) {
  const at = (values, share) =>
    [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
  const middle = (figureOf) => at(measured.map(figureOf), 0.5);
  const ms = (figureOf) => {
    const all = measured.map(figureOf);
    return `${middle(figureOf).toFixed(1)} [${Math.min(...all).toFixed(1)}, ${Math.max(...all).toFixed(1)}] ms`;
  };
  const all = (share) => (of) => at(Object.values(of.queries).flat(), share);
  const kinds = Object.keys(measured[0].queries);
  const question = (kind, share) => (of) => at(of.queries[kind], share);
  const jump = (share) => (of) => at(of.jumps, share);
  const paint = (of) => of.paint;
  const rate = Math.round(middle((of) => of.rate));
  return {
    goal: `every question ≤ ${QUERY_MS} ms (95%), first paint ≤ ${PAINT_MS} ms, rows after a jump ≤ ${JUMP_MS} ms (median of 50), in the middle of ${measured.length} measurements`,
    figures: {
      'rollouts; written meanwhile, a second': `${rollouts.toLocaleString('en')}; ${rate.toLocaleString('en')}`,
      'measurements, each of so many questions of a kind': `${measured.length}, ${ROUNDS}`,
      'all questions, median and 95%': `${ms(all(0.5))} and ${ms(all(0.95))}`,
      ...Object.fromEntries(
        kinds.map((kind) => [
          `${kind}, median, 95% and longest`,
          [0.5, 0.95, 1].map((share) => ms(question(kind, share))).join(', '),
        ]),
      ),
      'first paint of four pages, longest': ms(paint),
      'rows after a jump, median and 95%': `${ms(jump(0.5))} and ${ms(jump(0.95))}`,
    },
    holds:
      kinds.every((kind) => middle(question(kind, 0.95)) <= QUERY_MS) &&
      middle(paint) <= PAINT_MS &&
      middle(jump(0.5)) <= JUMP_MS,
  };
}

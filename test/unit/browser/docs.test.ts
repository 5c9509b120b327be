import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createApp } from '../../../orchestrator/browser/app.js';
import { Frames } from '../../../orchestrator/browser/frames.js';
import * as query from '../../../orchestrator/browser/reader/query.js';

const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'browser.md'), 'utf8');

test('docs/browser.md names every address that there is, and no other', () => {
  const ask = () => Promise.reject(new Error('not asked'));
  const app = createApp({
    ...{ ask, askTable: ask, frames: new Frames(undefined), pages: '.', hosts: [], token: undefined, onBug: () => {} },
  });
  const routes = app.routes.filter(({ method, path }) => method === 'GET' && /^\/(api|media)/.test(path));
  const told = [...page.matchAll(/^\| `(\/[^`]+)` \|/gm)].map(([, path]) => path);
  expect(told.sort()).toEqual(routes.map(({ path }) => path).sort());
});

test('and every parameter that may be asked', () => {
  const schemas = [
    query.runsQuery,
    query.eventsQuery,
    query.stepsQuery,
    query.tracesQuery,
    query.sweepAtQuery,
    query.flipsQuery,
  ];
  const names = new Set(schemas.flatMap((schema) => Object.keys(schema.shape)));
  for (const name of names) expect([name, page.includes(`\`${name}\``)]).toEqual([name, true]);
});

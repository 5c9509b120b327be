import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunsAnswer, TracesAnswer } from '../../orchestrator/browser/api/index.js';
import { type BrowseProcess, startBrowse } from '../fixtures/browse-process.js';
import { hasChromium, launchChromium } from '../fixtures/chromium.js';
import { ROOT, sharedRun } from '../integration/shared-run.js';

const FOLDER = join(ROOT, 'docs', 'images');
const SIZE = { width: 1280, height: 800 };
const LARGEST = 300_000;

/** Pictures of every page for the documentation, of the runs in VAUTO_RUNS, or of the shared run. */
describe.skipIf(!hasChromium())('pictures of vauto browse', () => {
  let browse: BrowseProcess;
  let page: Page;
  let runs: readonly string[] = [];
  const api = async <Answer>(path: string) => (await (await fetch(browse.url + path)).json()) as Answer;

  beforeAll(async () => {
    browse = await startBrowse(process.env.VAUTO_RUNS ?? (await sharedRun()));
    const browser = await launchChromium();
    page = await browser.newPage({ viewport: SIZE, colorScheme: 'light', timezoneId: 'UTC' });
    const { runs: found } = await api<RunsAnswer>('/api/runs?status=done&sort=rollouts&order=desc');
    runs = found.map(({ name }) => name);
    mkdirSync(FOLDER, { recursive: true });
  });
  afterAll(async () => {
    await page?.context().browser()?.close();
    await browse?.close();
  });

  const picture = async (name: string, path: string, there: string) => {
    await page.goto(browse.url + path);
    await page.locator(there).first().waitFor();
    await page.waitForLoadState('load');
    await page.waitForTimeout(1000);
    const file = join(FOLDER, `browse-${name}.png`);
    // Without the empty space below a short page.
    const bottom = await page.locator('main > :last-child').evaluate((last) => last.getBoundingClientRect().bottom);
    const height = Math.min(SIZE.height, Math.ceil(bottom) + 24);
    await page.screenshot({ path: file, clip: { x: 0, y: 0, width: SIZE.width, height } });
    expect(statSync(file).size).toBeLessThan(LARGEST);
  };
  const run = () => `/runs/${encodeURIComponent(runs[0] ?? '')}`;

  test('runs', () => picture('runs', '/', 'table.runs tbody tr'));
  test('run', () => picture('run', run(), '.run-page section'));
  test('sweep', () => picture('sweep', `${run()}/sweep`, 'section.switched:not(.stale)'));
  test('traces', () =>
    picture('traces', `${run()}/traces?stage=evaluate&sort=confidence&order=desc`, '#row-0 .prompt a'));
  test('trace', async () => {
    const grounding = { stage: 'evaluate', type: 'iou', second: 'right', sort: 'confidence', order: 'desc' };
    const { rows } = await api<TracesAnswer>(`/api${run()}/traces?${new URLSearchParams(grounding)}`);
    await picture('trace', `${run()}/traces/${rows[0]?.id}?${new URLSearchParams(grounding)}`, '.in-time img');
  });
  test('compare', () => {
    const [first = '', second = first] = runs;
    const query = new URLSearchParams([
      ['run', first],
      ['run', second],
    ]);
    return picture('compare', `/compare?${query}`, first === second ? '.compare h1' : 'table.accuracies');
  });
});

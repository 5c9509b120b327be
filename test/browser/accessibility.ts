import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { TracesAnswer } from '../../orchestrator/browser/api/index.js';
import { OTHER, type World } from './world.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WIDTHS = [1280, 400];
const COLOURS = ['light', 'dark'] as const;

/** What has to stand in a page before it is looked at. */
const PAGES = {
  runs: ['/', 'table.runs tbody tr'],
  run: ['/runs/small', '.log li'],
  sweep: ['/runs/small/sweep', 'section.switched:not(.stale)'],
  traces: ['/runs/small/traces?stage=evaluate', '#row-0 .prompt a'],
  trace: ['/runs/small/traces/', '.in-time img'],
  compare: [`/compare?run=small&run=${OTHER}&kind=broken&open=0`, '.pair article dl'],
} as const;

export function accessibility(world: () => World): void {
  test.each(Object.keys(PAGES) as (keyof typeof PAGES)[])('%s has no serious violation', async (name) => {
    const [path, there] = PAGES[name];
    const rest = name === 'trace' ? await grounding(world()) : '';
    for (const colorScheme of COLOURS)
      for (const width of WIDTHS) {
        // axe is not the page's own script: its policy is set aside for it.
        const options = { bypassCSP: true, colorScheme, viewport: { width, height: 800 } };
        const page = await world().open(path + rest, options);
        await page.locator(there).first().waitFor();
        expect([colorScheme, width, await violations(page)]).toEqual([colorScheme, width, []]);
        expect(await overflow(page), `${name} at ${width} is wider than its window`).toBeLessThanOrEqual(0);
        await world().settle();
      }
  });
}

async function grounding({ api }: World): Promise<string> {
  const { rows } = await api<TracesAnswer>('/api/runs/small/traces?stage=evaluate&set=benchmark:grounding&limit=1');
  return String(rows[0]?.id);
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

async function violations(page: Page): Promise<readonly unknown[]> {
  await page.evaluate(AXE);
  const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as readonly Violation[];
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => [id, nodes.length, nodes[0]?.html.slice(0, 200), nodes[0]?.failureSummary.slice(0, 300)]);
}

/** Pixels by which the page is wider than the window. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

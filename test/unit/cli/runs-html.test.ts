import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../../orchestrator/store/index.js';
import { vauto } from '../../fixtures/command.js';
import { answered, runsFolder } from './stored-run.js';

const EVIL = '</pre></details><script>alert(1)</script><img src=x onerror=alert(2)>"\'\u0000\u001b[2J\ud800\u202e';

/** A page over four rollouts: a hostile one, one of a megabyte, and two plain ones. */
async function page(...args: string[]): Promise<string> {
  const rows = [
    answered('p0', 0, { text: EVIL }),
    answered('p1', 0, { text: `<b>${'<script>x'.repeat(120_000)}` }),
    answered('p2', 0, { second: false }),
    answered('p3', 0, { second: null }),
  ].map((row) => ({
    ...row,
    trace: { ...row.trace, first: row.trace.first && { ...row.trace.first, charStart: 0, charEnd: 1, text: EVIL } },
  }));
  const { folder, file } = runsFolder('evaluate', rows, { p0: EVIL });
  const store = openStore(file);
  const run = store.findRun('first');
  if (run === undefined) throw new Error('no run');
  store.setNote(run.id, EVIL);
  store.changeTags(run.id, { add: [EVIL.slice(0, 40)] });
  const stage = store.stages(run.id)[0]?.id ?? 0;
  const accuracy = { benchmark: EVIL, policy: 'auto', name: 'accuracy', value: 0.5, low: 0.25, high: 0.75, n: 4 };
  store.saveMetrics(stage, [accuracy, { ...accuracy, name: 'gain' }]);
  const train = store.startStage(run.id, 'train', 'key').id;
  for (const step of [1, 2, 3]) store.saveStep(train, step, { reward_mean: step });
  store.close();
  const out = join(folder, 'page.html');
  await vauto('runs', 'export', 'first', '--html', out, ...args, '--runs', folder);
  return readFileSync(out, 'utf8');
}

/** Names of all elements, as a browser finds them where every value is escaped. */
function elements(html: string): Set<string> {
  return new Set(
    [...html.replace(/<style>.*?<\/style>/s, '<style>').matchAll(/<([a-zA-Z!][^\s>]*)/g)].map(([, name = '']) => name),
  );
}

describe('vauto runs export --html', () => {
  it('shows what a model wrote as text', async () => {
    const html = await page();
    for (const name of ['script', 'img', 'b', 'iframe', 'link']) expect(elements(html)).not.toContain(name);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toMatch(/[^\P{Cc}\n]|\p{Cs}/u);
    expect(html).not.toMatch(/<[^>]* on\w+=/);
    expect(html.match(/<details>/g)).toHaveLength(4);
    expect(html.match(/<\/details>/g)).toHaveLength(4);
  });

  it('stays small where a completion is not', async () => {
    expect((await page()).length).toBeLessThan(120_000);
  });

  it('needs nothing from outside and forbids it', async () => {
    const html = await page();
    expect(html).toMatch(/Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-/);
    expect(html).not.toMatch(/<[^>]*(?:src|href)=/);
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/ style="/);
  });

  it('says what the run is, its accuracy with intervals, and its training', async () => {
    const html = await page();
    expect(html).toContain('<h1>first</h1>');
    expect(html).toContain('50.0% <span class="ci">[25.0, 75.0]</span>');
    expect(html).toContain('+50.0 <span class="ci">[25.0, 75.0]</span>');
    expect(html).toContain('Mean reward: 1.00 over the first fifth of 3 steps, 3.00 over the last.');
    expect(html).toContain('<svg class="fig"');
    expect(html).toContain('Shown: 4 of 4 rollouts. Filter: none.');
  });

  it('holds the first that fit', async () => {
    const html = await page('--wrong');
    expect(html).toContain('Shown: 1 of 1 rollouts. Filter: answer wrong.');
    expect(html).toContain('p2 #0');
    expect((await page('--limit', '2')).match(/<details>/g)).toHaveLength(2);
  });
});

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { TracesAnswer } from '../../orchestrator/browser/api/index.js';
import { openStore } from '../../orchestrator/store/index.js';
import { type BrowseProcess, startBrowse } from '../fixtures/browse-process.js';
import { launchChromium } from '../fixtures/chromium.js';
import { recordSharedRun, sharedRun, vauto } from '../integration/shared-run.js';
import { addRun } from '../unit/browser/stores.js';
import { addHostileRun } from './hostile-run.js';
import { replayArgs } from './replay.js';
import { Watch } from './watch.js';

/** Another run of the same questions, with a threshold that stops more often than the shared run's. */
export const OTHER = 'replayed';
/** Runs that the store's own calls made, besides. */
export const MADE = ['alpha', 'beta', 'gamma'] as const;

/** A folder of runs, `vauto browse` over it, and a Chromium: what every test here works with. */
export interface World {
  readonly runs: string;
  readonly url: string;
  readonly process: BrowseProcess;
  /** Overrides by which the quickstart is replayed in seconds. */
  readonly replay: readonly string[];
  /** A new page at an address of this or of another server, watched for what no page may do. */
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
  /** What the pages are compared with. */
  api<Answer>(path: string): Promise<Answer>;
  /** The JSON that a command prints over the same folder. */
  json<Answer>(...args: string[]): Promise<Answer>;
  /** Closes the pages of a test; throws when one did what it may not. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const runs = mkdtempSync(join(tmpdir(), 'vauto-browse-'));
  cpSync(await sharedRun(), runs, { recursive: true });
  const replay = await recordSharedRun(join(runs, 'recordings.jsonl'));
  const cheap = ['sweep.rule=token-budget', 'sweep.budget=20', 'evaluate.threshold=0.5'];
  const replayed = await vauto(replayArgs(runs, OTHER, [...replay, ...cheap]));
  if (replayed.exitCode !== 0) throw new Error(`the replay failed:\n${replayed.stderr}`);
  addRuns(runs);
  const process = await startBrowse(runs);
  try {
    await indexed(process.url);
    return worldOf(runs, replay, process, await launchChromium());
  } catch (error) {
    await process.close();
    throw error;
  }
}

function worldOf(runs: string, replay: readonly string[], process: BrowseProcess, browser: Browser): World {
  const { url } = process;
  const watches: Watch[] = [];
  return {
    ...{ runs, url, process, replay },
    open: async (path, options = {}) => {
      const target = new URL(path, url);
      const watch = await Watch.start(browser, target.origin, options);
      watches.push(watch);
      await watch.page.goto(target.href);
      return watch.page;
    },
    api: async (path) => {
      const reply = await fetch(url + path);
      if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
      return (await reply.json()) as never;
    },
    json: async (...args) => {
      const { stdout, exitCode, stderr } = await vauto([...args, '--runs', runs, '--json']);
      if (exitCode !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
      return JSON.parse(stdout) as never;
    },
    settle: async () => {
      const complaints = await Promise.all(watches.splice(0).map((watch) => watch.stop()));
      if (complaints.flat().length > 0) throw new Error(`a page did what it may not:\n${complaints.flat().join('\n')}`);
    },
    close: async () => {
      await Promise.all([browser.close(), process.close()]);
      rmSync(runs, { recursive: true, force: true });
    },
  };
}

/** Waits until the search knows all rollouts. */
async function indexed(url: string): Promise<void> {
  for (;;) {
    const reply = await fetch(`${url}/api/runs/small/traces?q=a&limit=1`);
    const { indexed, all } = (await reply.json()) as TracesAnswer;
    if (indexed === all) return;
    await setTimeout(100);
  }
}

function addRuns(runs: string): void {
  const store = openStore(join(runs, 'vauto.db'));
  for (const [seed, name] of MADE.entries()) addRun(store, runs, name, seed);
  const idOf = (name: string) => store.findRun(name)?.id ?? 0;
  store.changeTags(idOf('alpha'), { add: ['baseline'] });
  store.setNote(idOf('beta'), 'half the learning rate');
  store.setRunStatus(idOf('gamma'), 'failed', 'the disk is full');
  addHostileRun(store, runs);
  store.close();
}

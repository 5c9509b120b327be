import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { storeCheck } from '../../../orchestrator/cli/run-doctor.js';
import { keepBackup } from '../../../orchestrator/cli/run-recipe.js';
import type { Place } from '../../../orchestrator/environment/checks.js';
import { lockRun } from '../../../orchestrator/pipeline/lock.js';
import { needsCheck } from '../../../orchestrator/store/check.js';
import { openStore, restoreStore, storeState } from '../../../orchestrator/store/index.js';
import { vauto } from '../../fixtures/command.js';
import { prompts, rowOf, storeWithRun } from './rows.js';

const PAGE = 32_768;

function wordyRow(promptId: string, index: number) {
  const row = rowOf(promptId, index);
  return { ...row, rollout: { ...row.rollout, text: `${row.rollout.text}${' And so on.'.repeat(400)}` } };
}

/** A closed store with some 50 pages, one or more of every table and index. */
function filled() {
  const { store, file, folder, runId } = storeWithRun();
  const { id } = store.startStage(runId, 'filter', 'k');
  for (let unit = 0; unit < 10; unit += 1)
    store.commitUnit(
      id,
      `u${unit}`,
      prompts(10).flatMap((prompt) => [wordyRow(prompt.id, 2 * unit), wordyRow(prompt.id, 2 * unit + 1)]),
    );
  return { store, file, folder, runId, id };
}

/** Pages of a store by what they hold. */
function pagesOf(file: string): Map<number, string> {
  const db = new Database(file, { readonly: true });
  const rows = db.prepare("SELECT pageno, name || ' ' || pagetype AS what FROM dbstat").all() as {
    pageno: number;
    what: string;
  }[];
  db.close();
  return new Map(rows.map(({ pageno, what }) => [pageno, what]));
}

function overwrite(file: string, at: number, bytes: Buffer): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, bytes, 0, bytes.length, at);
  closeSync(handle);
}

const GARBAGE = Buffer.from(Array.from({ length: PAGE }, (_, at) => (at * 151 + 89) % 256));

function errorOf(action: () => unknown) {
  try {
    action();
  } catch (error) {
    return error as Partial<Record<'code' | 'message' | 'fix', string>>;
  }
  return {};
}

describe('a damaged store', () => {
  test('is noticed when it is opened, whichever page a sector or the whole was overwritten of', () => {
    const { store, file } = filled();
    store.close();
    const pages = pagesOf(file);
    const whole = readFileSync(file);
    expect(pages.size).toBeGreaterThan(40);
    expect([...pages.values()]).toEqual(
      expect.arrayContaining(['rollouts leaf', 'rollouts internal', 'rollouts_request leaf']),
    );
    const copy = join(mkdtempSync(join(tmpdir(), 'vauto-damaged-')), 'vauto.db');
    const unnoticed: string[] = [];
    for (const [page, what] of pages) {
      for (const bytes of [8, 512, PAGE]) {
        writeFileSync(copy, whole);
        overwrite(copy, (page - 1) * PAGE, GARBAGE.subarray(0, bytes));
        const { code, fix = '' } = errorOf(() => openStore(copy).close());
        if (code !== 'store-damaged' || !fix.includes('there is no backup'))
          unnoticed.push(`${what} ${page}: ${bytes} bytes, ${code}`);
      }
    }
    expect(unnoticed).toEqual([]);
  });

  test('names the backup and the command that restores it', async () => {
    const { store, file, folder } = filled();
    expect(await store.backup()).toEqual({ state: 'made', file: `${file}.backup` });
    store.close();
    overwrite(file, 20 * PAGE, GARBAGE);
    expect(errorOf(() => openStore(file))).toMatchObject({
      code: 'store-damaged',
      message: expect.stringMatching(/is damaged or no vauto store: .+/),
      fix: expect.stringMatching(`^vauto runs restore --runs ${folder} \\(puts the backup of 20..-`),
    });
    expect(storeState(file)).toMatchObject({ state: 'damaged', backup: { file: `${file}.backup` } });
    expect(await storeCheck.run({ runs: folder } as Place)).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/MB, damaged \(.+\); backup of 20/),
      fix: `vauto runs restore --runs ${folder}`,
    });
    await vauto('runs', 'restore', '--runs', folder);
    expect(await storeCheck.run({ runs: folder } as Place)).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/MB, sound; backup of 20/),
    });
  });

  test('a large store is looked for damage after a crash, and not while somebody has it open', () => {
    const { store, file } = filled();
    // Small ones always.
    expect([needsCheck(file), needsCheck(file, 0)]).toEqual([true, false]);
    const crashed = join(mkdtempSync(join(tmpdir(), 'vauto-crashed-')), 'vauto.db');
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, crashed + suffix);
    expect(needsCheck(crashed, 0)).toBe(true);
    openStore(crashed).close();
    expect(needsCheck(crashed, 0)).toBe(false);
    store.close();
  });
});

describe('the backup', () => {
  test('is made while others write, whole, and not again within ten minutes', async () => {
    const { store, file, runId, id } = filled();
    const making = store.backup();
    store.commitUnit(id, 'late', [rowOf('p0', 500)]);
    expect(await making).toMatchObject({ state: 'made' });
    const copy = openStore(`${file}.backup`, { readonly: true });
    expect(copy.ledger(runId)).toMatchObject({ rollouts: 200, lost: 0 });
    copy.close();
    expect(await store.backup()).toMatchObject({ state: 'recent' });
    const old = new Date(Date.now() - 11 * 60_000);
    utimesSync(`${file}.backup`, old, old);
    expect(await store.backup({ mostBytes: 1000 })).toMatchObject({ state: 'too-large' });
    expect(await store.backup()).toMatchObject({ state: 'made' });
    const again = openStore(`${file}.backup`, { readonly: true });
    expect(again.ledger(runId).rollouts).toBe(201);
    again.close();
    expect(readdirSync(dirname(file)).filter((name) => name.includes('part'))).toEqual([]);
    store.close();
  });

  test('a damaged store does not take the place of a sound backup, and the run is told', async () => {
    const { store, file, runId } = filled();
    store.close();
    const again = openStore(file);
    await again.backup();
    // Damage that nobody has touched yet.
    overwrite(file, 20 * PAGE, GARBAGE);
    const old = new Date(Date.now() - 11 * 60_000);
    utimesSync(`${file}.backup`, old, old);
    expect(await keepBackup(again)).toMatch(
      /^warning: no backup: .*vauto\.db is damaged.*; vauto runs restore --runs /,
    );
    again.close();
    const backup = openStore(`${file}.backup`, { readonly: true });
    expect(backup.ledger(runId).rollouts).toBe(200);
    backup.close();
  });
});

describe('restoring', () => {
  test('moves the damaged files aside and puts the backup in their place, with --json too', async () => {
    const { store, file, folder, runId } = filled();
    await store.backup();
    store.close();
    overwrite(file, 20 * PAGE, GARBAGE);
    writeFileSync(`${file}-wal`, 'a log');
    const damaged = readFileSync(file);
    const { restored, backup, aside } = JSON.parse(await vauto('runs', 'restore', '--runs', folder, '--json'));
    expect([restored, backup.file]).toEqual([file, `${file}.backup`]);
    expect(readFileSync(aside[0])).toEqual(damaged);
    const log = aside.find((name: string) => name.endsWith('-wal'));
    expect(readFileSync(log, 'utf8')).toBe('a log');
    expect(log).toBe(`${aside[0]}-wal`);
    expect(existsSync(`${file}.backup`)).toBe(true);
    const again = openStore(file);
    expect(again.ledger(runId)).toMatchObject({ rollouts: 200, lost: 0 });
    again.close();
  });

  test('a sound store is left alone unless forced; a lost one is put back', async () => {
    const { store, file, folder } = filled();
    await store.backup();
    store.close();
    expect(errorOf(() => restoreStore(file))).toMatchObject({ code: 'store-sound' });
    expect(await vauto('runs', 'restore', '--runs', folder, '--force')).toMatch(
      /restored .*\nwhat was there is now vauto\.db\.damaged-/,
    );
    expect(restoreStore(join(folder, 'vauto.db'), { force: true }).aside).toHaveLength(1);
  });

  test('without a sound backup nothing is touched', () => {
    const { store, file } = filled();
    store.close();
    overwrite(file, 0, GARBAGE);
    expect(errorOf(() => restoreStore(file))).toMatchObject({
      code: 'no-backup',
      message: expect.stringContaining('no backup of'),
    });
    writeFileSync(`${file}.backup`, 'torn');
    expect(errorOf(() => restoreStore(file))).toMatchObject({
      code: 'no-backup',
      message: expect.stringContaining('damaged: vauto.db.backup'),
    });
    expect(readdirSync(dirname(file)).sort()).toEqual(['vauto.db', 'vauto.db.backup']);
  });

  test('a run that is going on is named', async () => {
    const { store, folder, file } = filled();
    await store.backup();
    store.close();
    const run = mkdtempSync(join(folder, 'run-'));
    const release = lockRun(run, 'busy');
    await expect(vauto('runs', 'restore', '--runs', folder, '--force')).rejects.toMatchObject({ code: 'run-in-use' });
    release();
    expect(existsSync(file)).toBe(true);
  });
});

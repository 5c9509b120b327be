import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../../orchestrator/store/index.js';
import { vauto } from '../../fixtures/command.js';
import { newRun, storeWithRun } from '../store/rows.js';

/** Two runs, `first` and the newer `second`. */
function folderOf() {
  const { folder, store } = storeWithRun();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  store.setRunStatus(store.createRun({ ...newRun, name: 'second', folder: join(folder, 'second') }), 'failed', 'no');
  store.close();
  return folder;
}

describe('vauto runs tag', () => {
  it('adds tags and takes them away', async () => {
    const folder = folderOf();
    const tag = (...args: string[]) => vauto('runs', 'tag', 'first', ...args, '--runs', folder);
    expect(await tag('seed 7', 'baseline', 'baseline')).toBe('first: baseline, seed 7\n');
    expect(JSON.parse(await tag('baseline', 'absent', '--remove', '--json'))).toEqual({
      run: 'first',
      tags: ['seed 7'],
    });
    expect(await tag('seed 7', '--remove')).toBe('first: no tags\n');
  });

  it('refuses what is no tag, and more than 50, and changes nothing', async () => {
    const folder = folderOf();
    const tag = (...args: string[]) => vauto('runs', 'tag', 'first', ...args, '--runs', folder);
    for (const bad of ['a,b', ' a', 'a ', '', 'x'.repeat(51), 'a\nb'])
      await expect(tag('good', bad)).rejects.toMatchObject({ code: 'usage', kind: 'usage' });
    expect(await tag('é'.repeat(50))).toContain('é');
    const many = Array.from({ length: 50 }, (_, index) => `t${index}`);
    await expect(tag(...many)).rejects.toThrow('51 tags');
    expect(await tag(...many.slice(1))).toContain('t49');
  });

  it('makes no store, and says which run is meant', async () => {
    await expect(vauto('runs', 'tag', 'first', 'x', '--runs', '/nowhere')).rejects.toMatchObject({ code: 'no-store' });
    await expect(vauto('runs', 'tag', 'frist', 'x', '--runs', folderOf())).rejects.toMatchObject({
      code: 'unknown-run',
      fix: expect.stringContaining('did you mean "first"?'),
    });
  });
});

describe('vauto runs note', () => {
  it('writes, prints and clears it', async () => {
    const folder = folderOf();
    const note = (...args: string[]) => vauto('runs', 'note', 'first', ...args, '--runs', folder);
    expect(await note()).toBe('first has no note\n');
    expect(await note('two\nlines')).toBe('two\nlines\n');
    expect(JSON.parse(await note('--json'))).toEqual({ run: 'first', note: 'two\nlines' });
    expect(await vauto('runs', 'show', 'first', '--runs', folder)).toContain('note: two\nlines\n');
    expect(await note('--clear')).toBe('first has no note\n');
    await expect(note('text', '--clear')).rejects.toThrow('--clear takes no text');
    await expect(note('  ')).rejects.toThrow('empty');
  });

  it('does not let a note steer the terminal', async () => {
    const folder = folderOf();
    expect(await vauto('runs', 'note', 'first', 'a\u001b[2Jb', '--runs', folder)).toBe('a [2Jb\n');
  });
});

describe('vauto runs list', () => {
  const names = async (...args: string[]) =>
    JSON.parse(await vauto('runs', 'list', ...args, '--json')).runs.map(({ name }: { name: string }) => name);

  it('shows tags, and filters by them and by status', async () => {
    const folder = folderOf();
    await vauto('runs', 'tag', 'second', 'baseline', '--runs', folder);
    await vauto('runs', 'note', 'second', 'a note', '--runs', folder);
    const all = await vauto('runs', 'list', '--runs', folder);
    expect(all).toMatch(/^run .* tags$/m);
    expect(all).toMatch(/^second .* baseline$/m);
    expect(all).not.toContain('a note');
    expect(JSON.parse(await vauto('runs', 'list', '--runs', folder, '--json')).runs[0]).toMatchObject({
      ...{ name: 'second', status: 'failed', reason: 'no', seed: 7, note: 'a note', tags: ['baseline'] },
    });
    expect(await names('--runs', folder, '--tag', 'baseline')).toEqual(['second']);
    expect(await names('--runs', folder, '--status', 'failed')).toEqual(['second']);
    expect(await names('--runs', folder, '--status', 'done')).toEqual([]);
    expect(await vauto('runs', 'list', '--runs', folder, '--tag', 'x')).toBe(`no runs in ${folder} match\n`);
  });

  it('sorts, and stops at a limit', async () => {
    const folder = folderOf();
    expect(await names('--runs', folder)).toEqual(['second', 'first']);
    expect(await names('--runs', folder, '--sort', 'name')).toEqual(['first', 'second']);
    expect(await names('--runs', folder, '--limit', '1')).toEqual(['second']);
  });

  it('reads more runs than one page holds', async () => {
    const folder = folderOf();
    const store = openStore(join(folder, 'vauto.db'));
    for (let index = 0; index < 510; index += 1)
      store.createRun({ ...newRun, name: `n${index}`, folder: join(folder, `n${index}`) });
    store.close();
    expect(await names('--runs', folder)).toHaveLength(512);
    expect(await names('--runs', folder, '--limit', '505')).toHaveLength(505);
  });
});

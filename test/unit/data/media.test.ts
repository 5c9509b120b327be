import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MediaHasher } from '../../../orchestrator/data/index.js';
import { folderWith } from './fixture.js';

describe('media hashes', () => {
  it('follow the content of a file, not its name', async () => {
    const folder = folderWith({ a: 'same', b: 'same', c: 'other' });
    const hasher = await MediaHasher.open();
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => hasher.hash(join(folder, name))));
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    writeFileSync(join(folder, 'a'), 'changed');
    expect(await hasher.hash(join(folder, 'a'))).not.toBe(a);
  });

  it('are kept between runs, as long as size and time of change stay the same', async () => {
    const folder = folderWith({ a: 'same', 'sub/keep': '' });
    const [file, cache] = [join(folder, 'a'), join(folder, 'sub', 'new', 'hashes.json')];
    const first = await MediaHasher.open(cache);
    const hash = await first.hash(file);
    await first.save();
    // The kept hash, not the file, is what answers: shown by changing the kept one.
    writeFileSync(cache, readFileSync(cache, 'utf8').replace(hash, 'f'.repeat(64)));
    expect(await (await MediaHasher.open(cache)).hash(file)).toBe('f'.repeat(64));
    utimesSync(file, new Date(), new Date(0));
    expect(await (await MediaHasher.open(cache)).hash(file)).toBe(hash);
  });

  it('do without a cache that is broken', async () => {
    const folder = folderWith({ a: 'same', 'hashes.json': '{"' });
    expect(await (await MediaHasher.open(join(folder, 'hashes.json'))).hash(join(folder, 'a'))).toMatch(
      /^[0-9a-f]{64}$/,
    );
  });
});

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ROOT, vauto } from './shared-run.js';

const MODEL = join(ROOT, 'recipes', 'tiny', 'model');
const VIDEO = readFileSync(join(ROOT, 'recipes', 'tiny', 'data', 'videos', 'train-000.mp4'));

const row = (fields: object) =>
  JSON.stringify({ id: 'a', question: 'What is 1 + 1?', answer: '2', problem_type: 'math', ...fields });
const rows = (...list: object[]) => list.map((fields, id) => row({ id, ...fields })).join('\n');

const RECIPE = `version: 1
name: bad
model:
  path: ${MODEL}
data:
  train:
    - {path: train.jsonl}
  benchmarks:
    - {name: held-out, path: held-out.jsonl}
train:
  steps: 3
`;

interface Case {
  readonly recipe?: string;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** A folder with a recipe, its manifests and one good video, in which vauto is started as a user would. */
function folderOf({ recipe = RECIPE, files = {} }: Case): string {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-bad-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const all = { 'r.yaml': recipe, 'train.jsonl': rows({}), 'held-out.jsonl': rows({}), 'good.mp4': VIDEO, ...files };
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Runs the recipe; whatever was wrong, nothing of a run may be left. */
async function refused(setting: Case): Promise<string> {
  const folder = folderOf(setting);
  const { exitCode, stderr, stdout } = await vauto(['run', 'r.yaml'], { cwd: folder });
  expect(exitCode, stderr).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/^ +at |a bug in vauto/m);
  const listed = await vauto(['runs', 'list', '--json'], { cwd: folder });
  expect(JSON.parse(listed.stdout)).toEqual({ runs: [] });
  expect(existsSync(join(folder, 'runs', 'bad', 'lock.json'))).toBe(false);
  return stderr;
}

describe('a recipe', () => {
  test.each<[string, string, RegExp]>([
    ['with an unknown key', RECIPE.replace('steps', 'stepz'), /^r\.yaml:11:3 {2}.*stepz[\s\S]*\^+\n.*did you mean/m],
    ['with a value of the wrong type', RECIPE.replace('steps: 3', 'steps: many'), /^r\.yaml:11:10 {2}.*train\.steps/m],
    [
      'that names a file which is not there',
      RECIPE.replace('train.jsonl', 'trian.jsonl'),
      /^r\.yaml:7:14 {2}[\s\S]*did you mean "train\.jsonl"/m,
    ],
    ['whose model folder is no model', RECIPE.replace(MODEL, '.'), /^r\.yaml:4:9 {2}.*config\.json/m],
    ['that is no YAML', `${RECIPE}  - x: [`, /^r\.yaml:12:\d+ {2}/m],
    [
      'with two sources of one name',
      RECIPE.replace('    - {path: train.jsonl}', '    - {path: train.jsonl}\n    - {path: sub/train.jsonl}'),
      /^r\.yaml:8:\d+ {2}.*the name "train"/m,
    ],
  ])('%s', async (_name, recipe, message) => {
    expect(await refused({ recipe, files: { 'sub/train.jsonl': rows({}) } })).toMatch(message);
  });
});

describe('data', () => {
  test('with bad rows of several kinds in several sets, told all at once before anything is installed or started', async () => {
    const stderr = await refused({
      files: {
        'train.jsonl': [
          ...rows({}, { answer: undefined }, { video: 'gone.mp4' }).split('\n'),
          row({ id: 0 }),
          '{',
        ].join('\n'),
        'held-out.jsonl': rows({ answer: '' }),
      },
    });
    expect(stderr).toMatch(/^train\.jsonl:2:1 {2}the row has no answer$/m);
    expect(stderr).toMatch(/^train\.jsonl:3:\d+ {2}"gone\.mp4" is not there/m);
    expect(stderr).toMatch(/^train\.jsonl:4:2 {2}the id "0" stands in line 1 already$/m);
    expect(stderr).toMatch(/^train\.jsonl:5:2 {2}the file ends in the middle of a line: /m);
    expect(stderr).toMatch(/^held-out\.jsonl:1:\d+ {2}the row has no answer$/m);
    expect(stderr).toContain('5 problems, nothing was started.');
  });

  test('without a row', async () => {
    expect(await refused({ files: { 'held-out.jsonl': '\n' } })).toMatch(
      /^held-out\.jsonl {2}held-out\.jsonl holds no rows/m,
    );
  });

  test('with videos that do not decode, and a cut after the end', async () => {
    const stderr = await refused({
      files: {
        'train.jsonl': rows(
          { video: 'good.mp4' },
          { video: 'cut.mp4' },
          { video: 'text.mp4' },
          { video: 'good.mp4', start: 600 },
        ),
        'held-out.jsonl': rows({ video: 'cut.mp4' }),
        'cut.mp4': VIDEO.subarray(0, VIDEO.length / 2),
        'text.mp4': 'no video at all',
      },
    });
    expect(stderr).toMatch(/^train\.jsonl:2:\d+ {2}the video .*cut\.mp4 cannot be used: /m);
    expect(stderr).toMatch(/^train\.jsonl:3:\d+ {2}the video .*text\.mp4 cannot be used: /m);
    expect(stderr).toMatch(/^train\.jsonl:4:\d+ {2}start is 600 s, but .*good\.mp4 lasts/m);
    expect(stderr).toMatch(/^held-out\.jsonl:1:\d+ {2}the video .*cut\.mp4/m);
    expect(stderr).toContain('4 problems');
  });
});

describe('a disk that is full from the start', () => {
  test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)('(needs root to mount one)', async () => {
    const folder = folderOf({});
    mkdirSync(join(folder, 'runs'));
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', join(folder, 'runs')]);
    try {
      const { exitCode, stderr } = await vauto(['run', 'r.yaml'], { cwd: folder });
      expect(exitCode, stderr).toBe(3);
      expect(stderr).toMatch(/the disk is full.*\n.*make room and start the same command again/);
      expect(existsSync(join(folder, 'runs', 'bad', 'lock.json'))).toBe(false);
      expect(readdirSync(join(folder, 'runs')).filter((name) => name.endsWith('.part'))).toEqual([]);
    } finally {
      await execa('umount', [join(folder, 'runs')]);
    }
  });
});

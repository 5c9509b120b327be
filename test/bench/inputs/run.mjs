// Import of a million rows: seconds and the largest memory of the process, for text alone and with a video in every row.

import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { execa } from 'execa';

const ROWS = 1_000_000;
const VIDEO_ROWS = 100_000;
const VIDEOS = 1000;
const MOST_SECONDS = 60;
const MOST_MEGABYTES = 400;

export const title = 'Import of a million prompts';

export async function run({ note, root }) {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-bench-'));
  try {
    mkdirSync(join(folder, 'videos'));
    for (let n = 0; n < VIDEOS; n += 1) writeFileSync(join(folder, 'videos', `${n}.mp4`), 'not opened here');
    await manifest(join(folder, 'text.jsonl'), ROWS, () => ({}));
    await manifest(join(folder, 'video.jsonl'), VIDEO_ROWS, (n) => ({ video: `videos/${n % VIDEOS}.mp4` }));
    const text = await imported(root, folder, 'text.jsonl', ROWS);
    note(`text: ${text.seconds.toFixed(1)} s, ${text.megabytes.toFixed(0)} MB`);
    const video = await imported(root, folder, 'video.jsonl', VIDEO_ROWS);
    note(`video: ${video.seconds.toFixed(1)} s, ${video.megabytes.toFixed(0)} MB`);
    return {
      goal: `a million rows of text in at most ${MOST_SECONDS} s and ${MOST_MEGABYTES} MB`,
      figures: {
        'seconds for 1,000,000 rows of text': text.seconds.toFixed(1),
        'largest memory meanwhile, MB': text.megabytes.toFixed(0),
        'seconds for 100,000 rows with a video each': video.seconds.toFixed(1),
        'largest memory meanwhile, MB (videos)': video.megabytes.toFixed(0),
      },
      holds: text.seconds <= MOST_SECONDS && Math.max(text.megabytes, video.megabytes) <= MOST_MEGABYTES,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function manifest(file, count, more) {
  const stream = createWriteStream(file);
  for (let n = 0; n < count; n += 1) {
    if (!stream.write(`${JSON.stringify({ ...rowOf(n), ...more(n) })}\n`))
      await new Promise((go) => stream.once('drain', go));
  }
  stream.end();
  await finished(stream);
}

/** About 300 bytes, half mathematics and half multiple choice. */
function rowOf(n) {
  const kind =
    n % 2 === 0
      ? { problem_type: 'math', answer: String(n) }
      : { problem_type: 'exact_match', options: ['red', 'blue', 'green'], answer: 'blue' };
  const question = `What can be seen in part ${n}? ${'It is shown for a while. '.repeat(6)}`;
  return { id: `clip-${n}-of-the-set`, question, ...kind, task: 'colour' };
}

/** The command itself in a process of its own, which tells its largest memory when it ends. */
async function imported(root, folder, file, rows) {
  const script = `
    process.on('exit', () => console.error(process.resourceUsage().maxRSS));
    process.argv = ['node', 'vauto', 'data', 'import', ${JSON.stringify(join(folder, file))},
      '--out', ${JSON.stringify(join(folder, 'out.jsonl'))}, '--json'];
    await import(${JSON.stringify(join(root, 'dist', 'cli', 'main.js'))});`;
  const started = performance.now();
  const { stdout, stderr } = await execa('node', ['--input-type=module', '-e', script]);
  const seconds = (performance.now() - started) / 1000;
  if (JSON.parse(stdout).prompts !== rows) throw new Error(`not all rows of ${file} were imported: ${stdout}`);
  return { seconds, megabytes: (Number(stderr.trim().split('\n').at(-1)) * 1024) / 1e6 };
}

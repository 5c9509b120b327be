import { appendFileSync, createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceCounts } from '../data/index.js';

/** Bad rows that wait in a file until all manifests are read: standard output gets one whole document, or an error alone. */
export interface BadRowSpool {
  /** The rows given from now on are of the next manifest. */
  beginFile(): void;
  add(row: Readonly<Record<string, unknown>>): void;
  /** Prints `{"files": [{…counts, "rows": […]}, …]}`. */
  print(counts: readonly SourceCounts[]): Promise<void>;
  remove(): void;
}

/** Text that is written with one call. */
const BUFFERED = 64 * 1024;

export function openSpool(): BadRowSpool {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-check-'));
  const files: string[] = [];
  let text = '';
  let empty = true;
  const flush = () => {
    const file = files.at(-1);
    if (file === undefined || text === '') return;
    appendFileSync(file, text);
    text = '';
  };
  return {
    beginFile: () => {
      flush();
      files.push(join(folder, String(files.length)));
      empty = true;
      text = '';
    },
    add: (row) => {
      text += `${empty ? '' : ','}\n    ${JSON.stringify(row)}`;
      empty = false;
      if (text.length > BUFFERED) flush();
    },
    print: async (counts) => {
      flush();
      await toStdout('{"files": [');
      for (const [index, of] of counts.entries()) {
        await toStdout(`${index === 0 ? '' : ','}\n  ${JSON.stringify(of).slice(0, -1)},"rows":[`);
        if (of.rejected > 0)
          for await (const chunk of createReadStream(files[index] ?? '', 'utf8')) await toStdout(chunk as string);
        await toStdout(']}');
      }
      await toStdout('\n]}\n');
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function toStdout(text: string): Promise<void> {
  return new Promise((done) => {
    if (process.stdout.write(text) === false) process.stdout.once('drain', done);
    else done();
  });
}

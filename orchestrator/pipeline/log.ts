import { createWriteStream } from 'node:fs';
import { join } from 'node:path';

export interface RunLog {
  write(line: string): void;
  close(): Promise<void>;
}

/** What the workers print, with the time, appended to `workers.log` in the run folder. */
export function openLog(runFolder: string): RunLog {
  const stream = createWriteStream(join(runFolder, 'workers.log'), { flags: 'a' });
  // A full disk must not end the run over a log line; the store will say it.
  stream.on('error', () => {});
  return {
    write: (line) => {
      stream.write(`${new Date().toISOString()} ${line}\n`);
    },
    close: () => new Promise((resolve) => stream.end(resolve)),
  };
}

import { createWriteStream } from 'node:fs';
import { join } from 'node:path';

export interface RunLog {
  write(line: string): void;
  close(): Promise<void>;
}

/** In every run folder, from the beginning of the run. */
export const LOG_FILE = 'workers.log';

/** What the workers print, with the time, appended to the log in the run folder. */
export function openLog(runFolder: string): RunLog {
  const stream = createWriteStream(join(runFolder, LOG_FILE), { flags: 'a' });
  // A full disk must not end the run over a log line; the store will say it.
  stream.on('error', () => {});
  return {
    write: (line) => {
      stream.write(`${new Date().toISOString()} ${line}\n`);
    },
    close: () => new Promise((resolve) => stream.end(resolve)),
  };
}

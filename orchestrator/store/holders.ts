import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';

/** A process that has a store open. */
export interface Holder {
  readonly pid: number;
  /** Its command line, as far as it helps to find it. */
  readonly command: string;
  /** It holds a lock that keeps others from writing. */
  readonly writing: boolean;
}

const COMMAND_LENGTH = 100;

/**
 * The processes that have the store open, this one included; of other users only those that the system lets see. Undefined
 * where there is no /proc to ask (macOS).
 */
export function holdersOf(file: string): Holder[] | undefined {
  const wanted = new Set(['', '-wal', '-shm'].flatMap((suffix) => realPath(file + suffix)));
  const pids = tryTo(() => readdirSync('/proc').filter((name) => /^\d+$/.test(name)));
  // A system without processes by number has another kind of /proc.
  if (pids === undefined || pids.length === 0) return undefined;
  const writers = writersOf([...wanted]);
  return pids
    .filter((pid) => opens(pid, wanted))
    .map((pid) => ({ pid: Number(pid), command: commandOf(pid), writing: writers.has(Number(pid)) }));
}

function realPath(path: string): string[] {
  const found = tryTo(() => realpathSync(path));
  return found === undefined ? [] : [found];
}

function opens(pid: string, wanted: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  const names = tryTo(() => readdirSync(folder)) ?? [];
  return names.some((name) => wanted.has(tryTo(() => readlinkSync(`${folder}/${name}`)) ?? ''));
}

function commandOf(pid: string): string {
  const words = (tryTo(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').split('\0');
  return words.join(' ').replaceAll(/\s+/g, ' ').trim().slice(0, COMMAND_LENGTH);
}

/** Lines of /proc/locks: `1: POSIX  ADVISORY  WRITE 4711 fd:00:1234 120 120`, the inode last in the third of the numbers. */
function writersOf(files: readonly string[]): Set<number> {
  const inodes = new Set(files.flatMap((file) => tryTo(() => String(statSync(file).ino)) ?? []));
  const locks = tryTo(() => readFileSync('/proc/locks', 'utf8')) ?? '';
  const found = [...locks.matchAll(/ WRITE (\d+) \w+:\w+:(\d+) /g)];
  return new Set(found.filter(([, , inode = '']) => inodes.has(inode)).map(([, pid]) => Number(pid)));
}

/** Processes come and go, and some are not ours to look at. */
function tryTo<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

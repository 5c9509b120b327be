import { execa } from 'execa';
import { packageRoot, pythonPath } from './paths.js';

/**
 * Runs a program of the environment, in a process group of its own: pip and venv start further processes, and an
 * interruption (or this process's own end) has to end those as well. Does not reject for an exit status.
 */
export function command(file: string, args: readonly string[], signal?: AbortSignal, env: Record<string, string> = {}) {
  const child = execa(file, args, {
    reject: false,
    detached: true,
    all: true,
    stdin: 'ignore',
    // Neutral ground: a folder with a package called `vllm` or `av` in it would be imported instead of the real one.
    cwd: packageRoot,
    env: { PYTHONPATH: pythonPath, ...env },
  });
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  };
  const forget = (): void => {
    signal?.removeEventListener('abort', end);
    process.off('exit', end);
  };
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end, { once: true });
  process.once('exit', end);
  void child.then(forget, forget);
  return child;
}

/** What the program printed on standard output; throws when it fails. */
export async function outputOf(file: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const { exitCode, stdout, stderr, shortMessage } = await command(file, args, signal);
  signal?.throwIfAborted();
  // Without an exit status it could not be run at all.
  if (exitCode === undefined) throw new Error(shortMessage);
  if (exitCode !== 0) throw new Error(`${file} ${args.join(' ')} failed: ${lastLine(stderr)}`);
  return stdout;
}

export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

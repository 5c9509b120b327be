import { readdirSync, readFileSync } from 'node:fs';

/** Whom a signal is sent to: vauto itself, the Node process of a worker, its Python. */
export type Target = 'orchestrator' | 'bridge' | 'python';

export interface Family {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Processes whose environment holds the mark (Linux): a run hands it to all that it starts. */
export function withMark(mark: string): Family[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      if (!/^\d+$/.test(name) || !readFileSync(`/proc/${name}/environ`, 'utf8').includes(mark)) return [];
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')[0] ?? '';
      return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent), command }];
    } catch {
      // Gone in between.
      return [];
    }
  });
}

/** Processes of that kind among them; there may be none. */
export function targets(mark: string, root: number, target: Target): number[] {
  if (target === 'orchestrator') return [root];
  const python = (command: string) => /python[\d.]*$/.test(command);
  const family = withMark(mark).filter(({ pid }) => pid !== root);
  return family.filter(({ command }) => python(command) === (target === 'python')).map(({ pid }) => pid);
}

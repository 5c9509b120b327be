import { join, resolve } from 'node:path';
import { openBridge } from '../bridge/index.js';
import { type Check, type CheckResult, examine, pythonPath } from '../environment/index.js';
import { UserError } from '../errors.js';
import { storeState } from '../store/index.js';
import { printJson, printText } from './output.js';
import { localTime } from './runs/open.js';

export interface DoctorFlags {
  readonly runs: string;
  readonly venv?: string;
  readonly json?: boolean;
}

const MISSING_DEPENDENCY = 3;

/** A call to Python and back, the way that every stage goes. */
const bridgeCheck: Check = {
  name: 'bridge',
  needed: true,
  run: async ({ python }) => {
    const bridge = openBridge({ python, pythonPath });
    try {
      const { python: version, device } = await bridge.worker('doctor').call('env.describe', {});
      return { ok: true, detail: `Python ${version} answers, device ${device}` };
    } catch (error) {
      const detail = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      return { ok: false, detail, ...(error instanceof UserError && error.fix ? { fix: error.fix } : {}) };
    } finally {
      await bridge.close();
    }
  },
};

/** The store of the runs, read whole. */
export const storeCheck: Check = {
  name: 'store',
  needed: true,
  run: ({ runs }) => {
    const { state, bytes, found, backup } = storeState(join(runs, 'vauto.db'));
    if (state === 'none') return { ok: true, detail: 'none yet' };
    const kept = backup === undefined ? 'no backup yet' : `backup of ${localTime(backup.at)}`;
    const detail = `${(bytes / 1e6).toFixed(1)} MB, ${found === undefined ? 'sound' : `damaged (${found})`}; ${kept}`;
    if (state === 'sound') return { ok: true, detail };
    const file = join(runs, 'vauto.db');
    return { ok: false, detail, fix: backup ? `vauto runs restore --runs ${runs}` : `move ${file} away` };
  },
};

/** `vauto doctor`: every check with what mends it. */
export async function runDoctor({ runs, venv, json }: DoctorFlags): Promise<void> {
  const results = await examine({
    runs: resolve(runs),
    ...(venv === undefined ? {} : { venv: resolve(venv) }),
    more: [storeCheck, bridgeCheck],
  });
  const ok = results.every((result) => result.ok || !result.needed);
  if (json) printJson({ ok, checks: results });
  else printText(formatChecks(results));
  if (!ok) process.exitCode = MISSING_DEPENDENCY;
}

/** One line a check, and the way to mend it below. */
export function formatChecks(results: readonly CheckResult[]): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  const lines = results.flatMap(({ name, ok, needed, detail, fix }) => {
    const state = ok ? 'ok     ' : needed ? 'FAILED ' : 'warning';
    const line = `${state}  ${name.padEnd(width)}  ${detail}`;
    return ok || fix === undefined ? [line] : [line, `${' '.repeat(11 + width)}→ ${fix}`];
  });
  return lines.join('\n');
}

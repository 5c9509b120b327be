import { type Check, checks, type Finding, findPlace, type Place } from './checks.js';

export interface CheckResult extends Finding {
  readonly name: string;
  readonly needed: boolean;
}

export interface DoctorOptions {
  /** Folder of the store and the run folders. */
  readonly runs: string;
  readonly venv?: string;
  /** Checks of other parts, run last (the bridge). */
  readonly more?: readonly Check[];
}

/** Runs every check; one that breaks counts as failed and does not keep the others from running. */
export async function examine({ runs, venv, more = [] }: DoctorOptions): Promise<CheckResult[]> {
  const place = findPlace(runs, venv);
  const results: CheckResult[] = [];
  // One after another: several import torch, which small machines feel.
  for (const check of [...checks, ...more])
    results.push({ name: check.name, needed: check.needed, ...(await runCheck(check, place)) });
  return results;
}

async function runCheck(check: Check, place: Place): Promise<Finding> {
  try {
    return await check.run(place);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One folder for the run that all integration tests share; the first test that needs the run makes it. */
export default function setup(): () => void {
  const runs = mkdtempSync(join(tmpdir(), 'vauto-shared-'));
  process.env.VAUTO_TEST_RUNS = runs;
  return () => rmSync(runs, { recursive: true, force: true });
}

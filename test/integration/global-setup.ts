import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One folder for the run that all integration tests share; the first test that needs the run makes it. test/scratch.ts removes it. */
export default function setup(): void {
  process.env.VAUTO_TEST_RUNS = mkdtempSync(join(tmpdir(), 'vauto-shared-'));
}

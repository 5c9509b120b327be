// Everything `npm test` stands for, in order, with one closing line for the whole: `N passed, N failed`.
// Steps: lint and types, Python lint and tests, unit tests, integration tests on real vLLM and TRL.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const scratch = mkdtempSync(join(tmpdir(), 'vauto-test-'));
const python = process.env.VAUTO_PYTHON ?? join('.venv', 'bin', 'python');
const totals = { passed: 0, failed: 0 };

/** Runs a check that either holds or does not. */
async function check(name, command, args) {
  console.log(`\n=== ${name}`);
  const { exitCode } = await execa(command, args, { stdio: 'inherit', reject: false, preferLocal: true });
  totals[exitCode === 0 ? 'passed' : 'failed'] += 1;
  return exitCode === 0;
}

/** Runs a test runner that writes a JUnit file, and adds its counts. A runner that left no file has failed. */
async function suite(name, command, args, junit, env = {}) {
  console.log(`\n=== ${name}`);
  const { exitCode } = await execa(command, args, { stdio: 'inherit', reject: false, preferLocal: true, env });
  const counts = existsSync(junit) ? countJunit(readFileSync(junit, 'utf8')) : { passed: 0, failed: 0 };
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  totals.passed += counts.passed;
  totals.failed += counts.failed;
}

function countJunit(xml) {
  const cases = xml.match(/<testcase\b/g)?.length ?? 0;
  const bad = xml.match(/<(failure|error)\b/g)?.length ?? 0;
  const skipped = xml.match(/<skipped\b/g)?.length ?? 0;
  return { passed: cases - bad - skipped, failed: bad };
}

function vitest(name, folder) {
  const junit = join(scratch, `${name}.xml`);
  const args = ['run', '--project', folder, '--reporter=default', '--reporter=junit', `--outputFile.junit=${junit}`];
  return suite(name, 'vitest', args, junit);
}

try {
  const built = await check('build', 'npm', ['run', '--silent', 'build']);
  await check('lint', 'npm', ['run', '--silent', 'lint']);
  if (built && (await check('python environment', 'node', ['dist/cli/main.js', 'setup']))) {
    await check('python lint', python, ['-m', 'ruff', 'check', 'python', 'test']);
    await vitest('unit tests', 'unit');
    const junit = join(scratch, 'python.xml');
    await suite('python tests', python, ['-m', 'pytest', '-q', `--junitxml=${junit}`, 'python/tests'], junit, {
      PYTHONPATH: 'python',
    });
    await vitest('integration tests', 'integration');
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;

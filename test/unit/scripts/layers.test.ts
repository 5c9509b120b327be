import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, '..', '..', '..', 'scripts', 'layers.mjs');

async function check(files: Record<string, string>) {
  const root = join(mkdtempSync(join(tmpdir(), 'vauto-layers-')), 'orchestrator');
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  const { stdout, exitCode } = await execa('node', [SCRIPT, root], { reject: false });
  return { lines: stdout.split('\n').filter((line) => line.startsWith('orchestrator/')), exitCode };
}

test('imports down the layers are fine', async () => {
  const result = await check({
    'errors.ts': '',
    'grading/a.ts': "import { z } from 'zod';\nimport type { Prompt } from '../records/index.js';\nimport './b.js';",
    'store/a.ts': "import Database from 'better-sqlite3';\nimport { UserError } from '../errors.js';",
    'filter/a.ts':
      "import type { Store } from '../store/index.js';\nimport { type StageContext } from '../pipeline/stage.js';\nimport { grade } from '../grading/a.js';",
    'pipeline/a.ts': "import { run } from '../filter/a.js';\nimport { openStore } from '../store/index.js';",
    'cli/a.ts': "const { run } = await import('../pipeline/a.js');",
  });
  expect(result).toEqual({ lines: [], exitCode: 0 });
});

test('imports against the layers are named with file and line', async () => {
  const { lines, exitCode } = await check({
    'grading/a.ts': "\nimport { x } from '../answer/index.js';\nimport type { y } from '../store/index.js';",
    'filter/a.ts':
      "import { openStore } from '../store/index.js';\nimport type { z } from '../pipeline/context.js';\nexport * from '../sweep/index.js';",
    'filter/b.ts': "import { type A, b } from '../rollout/engine.js';\ntype C = import('../training/stage.js').C;",
    'store/a.ts': "import { python } from 'pythonia';\nconst late = await import('../bridge/index.js');",
    'records/a.ts': "import { parse } from 'yaml';",
    'attic/a.ts': "import { x } from '../errors.js';",
  });
  expect(exitCode).toBe(1);
  expect(lines.map((line) => line.split('  ')[0]).sort()).toEqual(
    [
      ...['attic/a.ts:1', 'filter/a.ts:1', 'filter/a.ts:2', 'filter/a.ts:3', 'filter/b.ts:1', 'filter/b.ts:2'],
      ...['grading/a.ts:2', 'grading/a.ts:3', 'records/a.ts:1', 'store/a.ts:1', 'store/a.ts:2'],
    ].map((place) => `orchestrator/${place}`),
  );
});

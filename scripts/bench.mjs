// `npm run bench [NAME…]`: runs test/bench/NAME/run.mjs one after the other (all of them without a name) and writes what they
// measured, with date and machine, into docs/results/bench-NAME.json and the table of docs/benchmarks.md.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'test', 'bench');
const all = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'run.mjs')));
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`there is no benchmark ${unknown.join(', ')}; there are: ${all.join(', ')}`);
  process.exit(2);
}

let failed = 0;
for (const name of asked.length > 0 ? asked : all) {
  const load = loadavg()[0];
  const { title, run } = await import(join(folder, name, 'run.mjs'));
  console.error(`${title} …`);
  const { goal, figures, holds } = await run({ root, note: (text) => console.error(`  ${text}`) });
  if (!holds) failed += 1;
  const result = { title, date: new Date().toISOString().slice(0, 10), machine: machine(load), goal, holds, figures };
  writeFileSync(join(root, 'docs', 'results', `bench-${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  for (const [what, value] of Object.entries(figures)) console.log(`${name}: ${what}: ${value}`);
  console.log(`${name}: ${holds ? 'holds' : 'DOES NOT HOLD'} (${goal})`);
}
writePage();
process.exitCode = failed === 0 ? 0 : 1;

function machine(load) {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 1e9);
  return `${cpus().length} cores of ${cpu?.model}, ${memory} GB, load before ${load.toFixed(1)}, Node ${process.version}`;
}

/** docs/benchmarks.md is made of the recorded results alone. */
function writePage() {
  const results = all
    .map((name) => ({ name, file: join(root, 'docs', 'results', `bench-${name}.json`) }))
    .filter(({ file }) => existsSync(file))
    .map(({ name, file }) => ({ name, ...JSON.parse(readFileSync(file, 'utf8')) }));
  const parts = results.map(({ name, title, date, machine: where, goal, holds, figures }) => {
    const rows = Object.entries(figures).map(([what, value]) => `| ${what} | ${value} |`);
    return `## ${title}\n\n\`npm run bench ${name}\`, ${date}, ${where}. Goal: ${goal}; ${holds ? 'it holds' : '**it does not hold**'}.\n\n| | |\n| --- | --- |\n${rows.join('\n')}\n`;
  });
  const head =
    '# Benchmarks\n\nRatios measured side by side in one run; `npm run bench` repeats them and writes this page. Nothing here is a timed test of CI.\n';
  writeFileSync(join(root, 'docs', 'benchmarks.md'), `${head}\n${parts.join('\n')}`);
}

// A process that commits RATE rollouts a second to a run of its own, until it is told to stop.

import { join } from 'node:path';
import { openStore } from '../../../dist/store/index.js';
import { promptsOf, unitRows } from '../store/rows.mjs';

const RATE = 2000;
const UNIT = 200;

const [file, folder, name] = process.argv.slice(2);
const store = openStore(file);
const id = store.createRun({
  name,
  recipeText: '',
  recipe: {},
  folder: join(folder, name),
  seed: 1,
  environment: {},
});
store.savePrompts(id, 'train', promptsOf(1000));
const stage = store.startStage(id, 'train', 'k');
const started = performance.now();
let unit = 0;
let stopped = false;
process.on('message', () => {
  stopped = true;
});
// The bench is gone.
process.on('disconnect', () => process.exit());
while (!stopped) {
  store.commitUnit(stage.id, `u${unit}`, unitRows(unit, UNIT));
  unit += 1;
  const due = started + (unit * UNIT * 1000) / RATE;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
}
const seconds = (performance.now() - started) / 1000;
store.close();
process.send({ rate: (unit * UNIT) / seconds }, () => process.disconnect());

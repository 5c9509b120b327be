// A process that pages through a run while another writes it, until it is told to stop; prints the time of each page, ms.

import { openStore } from '../../../dist/store/index.js';

const [file, run, limit] = process.argv.slice(2);
const store = openStore(file, { readonly: true });
const times = [];
let stopped = false;
process.on('message', () => {
  stopped = true;
});
let after;
while (!stopped) {
  const started = performance.now();
  const page = store.rollouts({ run: Number(run), limit: Number(limit), ...(after ? { after } : {}) });
  if (page.rows.length > 0) times.push(performance.now() - started);
  after = page.next ?? undefined;
  // As somebody does who looks at what comes.
  await new Promise((resolve) => setTimeout(resolve, page.rows.length > 0 ? 5 : 50));
}
store.close();
process.send(times, () => process.disconnect());

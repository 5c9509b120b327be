import { COLUMNS, type ExportJob, rolloutsOf, valuesOf } from './rows.js';

/** One JSON object a line, with all columns. */
export async function writeJsonLines(job: ExportJob): Promise<number> {
  let count = 0;
  for (const one of rolloutsOf(job)) {
    count += 1;
    const values = valuesOf(one, job);
    const row = Object.fromEntries(COLUMNS.map(({ name }, place) => [name, values[place]]));
    await job.write(`${JSON.stringify(row)}\n`);
  }
  return count;
}

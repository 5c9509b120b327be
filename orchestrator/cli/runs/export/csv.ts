import { COLUMNS, type ExportJob, rolloutsOf, type Value, valuesOf } from './rows.js';

/** Comma-separated values (RFC 4180): lines end with CR LF, an empty field is null. */
export async function writeCsv(job: ExportJob): Promise<number> {
  let count = 0;
  await job.write(lineOf(COLUMNS.map(({ name }) => name)));
  for (const one of rolloutsOf(job)) {
    count += 1;
    await job.write(lineOf(valuesOf(one, job)));
  }
  return count;
}

function lineOf(values: readonly Value[]): string {
  return `${values.map(csvField).join(',')}\r\n`;
}

/** A text that a spreadsheet would read as a formula gets an apostrophe before it; numbers stay numbers. */
export function csvField(value: Value): string {
  if (typeof value !== 'string') return value === null ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { COLUMNS, type ExportColumn, type ExportJob, rolloutsOf, type Value, valuesOf } from './rows.js';

/** A row group ends at so many rollouts, or characters of completions and questions. */
const GROUP_ROWS = 5000;
const GROUP_CHARACTERS = 16 * 2 ** 20;

const TYPES = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  integer: { type: 'INT64' },
  real: { type: 'DOUBLE' },
  flag: { type: 'BOOLEAN' },
} as const;

/** Apache Parquet, compressed with Snappy; one row group is in memory at a time. */
export async function writeParquet(job: ExportJob): Promise<number> {
  const bytes = new ByteWriter(2 ** 20);
  const writer = new ParquetWriter({ writer: bytes, schema: schemaOf(COLUMNS), createdBy: 'vauto' });
  const drain = async () => {
    await job.write(bytes.getBytes().slice());
    bytes.index = 0;
  };
  let count = 0;
  let group: Value[][] = [];
  let characters = 0;
  const flush = async () => {
    if (group.length > 0) await writer.write({ columnData: columnsOf(group), rowGroupSize: group.length });
    await drain();
    [group, characters] = [[], 0];
  };
  for (const one of rolloutsOf(job)) {
    count += 1;
    group.push(valuesOf(one, job));
    characters += one.rollout.text.length + one.prompt.question.length;
    if (group.length >= GROUP_ROWS || characters >= GROUP_CHARACTERS) await flush();
  }
  await flush();
  await writer.finish();
  await drain();
  return count;
}

function schemaOf(columns: readonly ExportColumn[]): ParquetWriter['schema'] {
  const leaves = columns.map(({ name, type }) => ({ name, repetition_type: 'OPTIONAL' as const, ...TYPES[type] }));
  return [{ name: 'rollouts', num_children: leaves.length }, ...leaves];
}

function columnsOf(group: readonly (readonly Value[])[]) {
  return COLUMNS.map(({ name, type }, place) => ({
    name,
    data: group.map((row) => {
      const value = row[place] ?? null;
      return type === 'integer' && value !== null ? BigInt(value) : value;
    }),
  }));
}

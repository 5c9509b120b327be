import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { UserError } from '../errors.js';

/** One step of the schema. Once released, its text never changes: a correction is another migration. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

interface Applied {
  readonly version: number;
  readonly checksum: string;
}

const FOLDER = join(import.meta.dirname, 'migrations');

/** The migrations beside this file, `NNN-name.sql`, numbered from 1 without a gap. */
export function shippedMigrations(): Migration[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.sql'));
  return files.sort().map((file, index) => {
    const version = Number.parseInt(file, 10);
    if (version !== index + 1) throw new Error(`${file} should have the number ${index + 1}`);
    return { version, name: file.replace(/\.sql$/, ''), sql: readFileSync(join(FOLDER, file), 'utf8') };
  });
}

export function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}

export function schemaVersion(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

/**
 * Brings the schema to the newest version. Several processes may start at once: the version is read again under the
 * write lock. A store that holds data is copied to `FILE.schema-N-….bak` before it is changed.
 */
export function migrate(db: Database, file: string, migrations: readonly Migration[]): void {
  const found = schemaVersion(db);
  refuseNewer(found, file, migrations);
  if (found === migrations.length) {
    refuseChanged(db, file, migrations);
    return;
  }
  if (found > 0 && file !== ':memory:')
    db.prepare('VACUUM INTO ?').run(`${file}.schema-${found}-${Date.now()}-${process.pid}.bak`);
  db.transaction(() => {
    const current = schemaVersion(db);
    refuseNewer(current, file, migrations);
    refuseChanged(db, file, migrations);
    for (const migration of migrations.slice(current)) apply(db, migration);
  }).immediate();
}

function apply(db: Database, migration: Migration): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
  );
  db.exec(migration.sql);
  db.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?, ?)').run(
    migration.version,
    migration.name,
    checksumOf(migration),
    new Date().toISOString(),
  );
  db.pragma(`user_version = ${migration.version}`);
}

export function refuseNewer(found: number, file: string, migrations: readonly Migration[]): void {
  if (found <= migrations.length) return;
  throw new UserError({
    code: 'store-too-new',
    kind: 'environment',
    message: `${file} was written by a newer vauto (schema ${found}; this one knows ${migrations.length})`,
    place: { file },
    fix: 'update vauto, or name another folder with --runs',
  });
}

/** A schema that was made from other texts than the shipped ones may look right and mean something else. */
function refuseChanged(db: Database, file: string, migrations: readonly Migration[]): void {
  if (schemaVersion(db) === 0) return;
  const applied = db.prepare('SELECT version, checksum FROM schema_migrations ORDER BY version').all() as Applied[];
  const other = applied.find(({ version, checksum }) => {
    const shipped = migrations[version - 1];
    return shipped === undefined || checksumOf(shipped) !== checksum;
  });
  if (other === undefined) return;
  throw new UserError({
    code: 'store-schema-differs',
    kind: 'environment',
    message: `${file} was made by another build of vauto: its schema ${other.version} is not this one's`,
    place: { file },
    fix: 'use the vauto that made it, or name another folder with --runs',
  });
}

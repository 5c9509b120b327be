import { CommanderError } from 'commander';
import { UserError, UserErrors } from '../errors.js';
import { errorsJson, errorsText, exitStatus } from './errors-text.js';
import { requestedInterruption } from './interrupt.js';

/** Where results and the conversation go; the real ones are the process's streams. */
export interface Streams {
  readonly stdout: (text: string) => unknown;
  readonly stderr: (text: string) => unknown;
}

/** The one place where an error becomes text (or JSON) and an exit status. */
export function reportError(error: unknown, json: boolean, { stdout, stderr }: Streams): number {
  const errors = userErrors(error);
  if (errors === undefined) return reportBug(error, json, { stdout, stderr });
  if (errors.length === 0) return commanderStatus(error as CommanderError);
  if (json) stdout(`${JSON.stringify(errorsJson(errors), null, 2)}\n`);
  else stderr(errorsText(errors));
  return exitStatus(errors);
}

/** The user's errors in what was thrown; empty when help or the version was printed; undefined for a bug. */
function userErrors(error: unknown): readonly UserError[] | undefined {
  const interruption = requestedInterruption();
  if (interruption) return [interruption];
  if (error instanceof UserErrors) return error.errors;
  if (error instanceof UserError) return [error];
  if (error instanceof CommanderError) return isPrinted(error) ? [] : [usageError(error)];
  if (isFullDisk(error)) return [fullDisk(error)];
  if (isForbidden(error)) return [forbidden(error)];
  return undefined;
}

/** Help and version end the program through an error, too. */
function isPrinted({ code }: CommanderError): boolean {
  return code === 'commander.help' || code === 'commander.helpDisplayed' || code === 'commander.version';
}

/** 0 for help that was asked for; 2 when it stands in for a missing command. */
function commanderStatus({ exitCode }: CommanderError): number {
  return exitCode === 0 ? 0 : 2;
}

function usageError({ message }: CommanderError): UserError {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const near = /^\((.*)\)$/.exec(rest.join(' ').trim())?.[1];
  return new UserError({ code: 'usage', kind: 'usage', message: first, fix: near ? lowerFirst(near) : 'see --help' });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function isFullDisk(error: unknown): error is NodeJS.ErrnoException {
  const { code, message = '' } = (error as Partial<NodeJS.ErrnoException> | undefined) ?? {};
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL') return true;
  // From Python (a checkpoint) only the text comes: "[Errno 28] No space left on device".
  return code === 'raised' && /No space left on device|Disk quota exceeded/.test(message);
}

/** A folder that is read-only, belongs to somebody else, or is a file. */
function isForbidden(error: unknown): error is NodeJS.ErrnoException & { path: string } {
  const { code = '', path } = (error as Partial<NodeJS.ErrnoException> | undefined) ?? {};
  return path !== undefined && ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR'].includes(code);
}

function forbidden(error: NodeJS.ErrnoException & { path: string }): UserError {
  return new UserError({
    code: 'no-access',
    kind: 'environment',
    message: `${error.path} cannot be used: ${error.message.replace(/, .*$/s, '')}`,
    fix: 'check that its folder is there, is a folder, and may be written to by this user, or name another one',
    cause: error,
  });
}

function fullDisk(error: NodeJS.ErrnoException): UserError {
  const where = error.path === undefined ? '' : ` (${error.path})`;
  return new UserError({
    code: 'disk-full',
    kind: 'environment',
    message: `the disk is full${where}`,
    fix: 'make room and start the same command again: committed work is kept',
    cause: error,
  });
}

function reportBug(error: unknown, json: boolean, { stdout, stderr }: Streams): number {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (json)
    stdout(
      `${JSON.stringify({ error: { code: 'bug', message: error instanceof Error ? error.message : String(error) } }, null, 2)}\n`,
    );
  stderr(`${stack}\n\nthis is a bug in vauto, not in what you gave it; please report it with the lines above.\n`);
  return 1;
}

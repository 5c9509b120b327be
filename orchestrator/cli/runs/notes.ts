import { openStore, type RunRecord, type Store } from '../../store/index.js';
import { printJson, printText } from '../output.js';
import { findRun, withStore } from './open.js';
import { storeFile, usageError } from './reader.js';

export interface TagFlags {
  readonly runs: string;
  readonly remove?: boolean;
  readonly json?: boolean;
}

export interface NoteFlags {
  readonly runs: string;
  readonly clear?: boolean;
  readonly json?: boolean;
}

const MOST_TAGS = 50;
/** Characters. */
const LONGEST_TAG = 50;
const LONGEST_NOTE = 10_000;

/** `vauto runs tag RUN TAG…`. */
export function tagRun(name: string, tags: readonly string[], { runs, remove, json }: TagFlags): void {
  for (const tag of tags) checkTag(tag);
  const { tags: now } = change(name, runs, (store, run) => {
    if (!remove) checkNumber(new Set([...run.tags, ...tags]).size);
    store.changeTags(run.id, remove ? { remove: tags } : { add: tags });
  });
  if (json) printJson({ run: name, tags: now });
  else printText(`${name}: ${now.length === 0 ? 'no tags' : now.join(', ')}`);
}

/** `vauto runs note RUN [TEXT]`. */
export function noteRun(name: string, text: string | undefined, { runs, clear, json }: NoteFlags): void {
  if (text !== undefined && clear)
    throw usageError('--clear takes no text', 'give a text to write it down, or --clear to take the note away');
  const given = text?.trim();
  if (given === '') throw usageError('the note is empty', 'take a note away with --clear');
  if (given !== undefined && [...given].length > LONGEST_NOTE)
    throw usageError(`the note has more than ${LONGEST_NOTE} characters`, 'make it shorter');
  const note =
    given === undefined && !clear
      ? withStore(runs, (store) => findRun(store, name).note)
      : change(name, runs, (store, run) => store.setNote(run.id, given ?? null)).note;
  if (json) printJson({ run: name, note });
  else printText(note === null ? `${name} has no note` : noteText(note));
}

/** A note may hold anything that the store was given; nothing of it steers the terminal. */
export function noteText(note: string): string {
  return note.replace(/[^\P{Cc}\n]+/gu, ' ');
}

/** Changes a run and returns it as it is then. */
function change(name: string, runs: string, apply: (store: Store, run: RunRecord) => void): RunRecord {
  // Nothing is made where there is no store, or no such run.
  withStore(runs, (store) => findRun(store, name));
  const store = openStore(storeFile(runs));
  try {
    apply(store, findRun(store, name));
    return findRun(store, name);
  } finally {
    store.close();
  }
}

function checkTag(tag: string): void {
  const shown = JSON.stringify(tag);
  const fix = 'a tag has 1 to 50 characters, no comma, and no white space at its ends';
  if (tag === '' || [...tag].length > LONGEST_TAG) throw usageError(`the tag ${shown} is too short or too long`, fix);
  if (tag.trim() !== tag) throw usageError(`the tag ${shown} has white space at an end`, fix);
  if (tag.includes(',')) throw usageError(`the tag ${shown} has a comma`, fix);
  if (/\p{Cc}/u.test(tag)) throw usageError(`the tag ${shown} has a control character`, fix);
}

function checkNumber(count: number): void {
  if (count > MOST_TAGS)
    throw usageError(`the run would have ${count} tags; at most ${MOST_TAGS} are allowed`, 'take some away: --remove');
}

import { type Place, UserError } from '../errors.js';
import { type Override, overrideOf } from './overrides.js';
import { type Located, locate, type Path, pathText, type Source } from './place.js';

/** Something wrong at a path of the recipe, before it has a place. */
export interface Problem {
  readonly code: string;
  readonly path: Path;
  readonly message: string;
  readonly fix?: string;
  /** Point at the key instead of its value. */
  readonly atKey?: boolean;
  /** The other path of a rule that joins two. */
  readonly other?: Path;
}

/** Turns problems into errors with their places. */
export type Finder = (problem: Problem) => UserError;

/** Places come from the override that set the value, else from the file; a rule's place is the key of the two that is written. */
export function createFinder(source: Source, overrides: readonly Override[]): Finder {
  return ({ code, path, message, fix, atKey, other }) => {
    const stands = placeOf(source, overrides, path, atKey ? 'key' : 'value');
    const partner = other && placeOf(source, overrides, other, 'value');
    const { place, written } = partner?.found && !stands.found ? partner : stands;
    const alias = written ? ` (*${written.alias} was written in line ${written.line})` : '';
    const joined = partner?.found && stands.found ? ` (${placeWords(partner.place)})` : '';
    return new UserError({
      code,
      kind: 'recipe',
      message: `${message}${alias}${joined}`,
      place,
      ...(fix === undefined ? {} : { fix }),
    });
  };
}

function placeOf(source: Source, overrides: readonly Override[], path: Path, what: 'key' | 'value'): Located {
  const located = locate(source, path, what);
  // `seed.x=1` makes a map where the file has nothing: the override is at fault for what stands above it, too.
  const override = overrideOf(overrides, path) ?? (located.found ? undefined : overrideBelow(overrides, path));
  return override ? { place: { ...override.place, path: pathText(path) }, found: true } : located;
}

function overrideBelow(overrides: readonly Override[], path: Path): Override | undefined {
  return overrides.findLast(
    (override) => path.length > 0 && path.every((part, depth) => String(override.path[depth]) === String(part)),
  );
}

function placeWords({ file, line, path }: Place): string {
  return line === undefined ? `${path}: ${file}` : `${path}: line ${line}`;
}

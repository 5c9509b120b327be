/** Where in a user's input the fault lies; `file` may be an override (`--set #2`). Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** Dotted path inside the document, such as `train.groupSize`. */
  readonly path?: string;
}

/**
 * What kind of failure it is; decides the exit status.
 * `usage` and `recipe` exit with 2, `dependency` with 3, `check` with 1, `interrupted` with 130.
 */
export type ErrorKind = 'usage' | 'recipe' | 'data' | 'dependency' | 'check' | 'environment' | 'interrupted';

export interface UserErrorFields {
  /** Stable kebab-case name of the failure, such as `unknown-recipe-key`. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** What is wrong, naming what was given and what is allowed. */
  readonly message: string;
  readonly place?: Place;
  /** What to write or run instead. */
  readonly fix?: string;
  readonly cause?: unknown;
}

/** A failure that the user can mend. Printed without a stack; every other error is a bug and printed with one. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: string;
  readonly kind: ErrorKind;
  readonly place: Place | undefined;
  readonly fix: string | undefined;

  constructor(fields: UserErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.kind = fields.kind;
    this.place = fields.place;
    this.fix = fields.fix;
  }
}

/** Several user errors found together, reported all at once (a recipe with three typos is one of these). */
export class UserErrors extends Error {
  override readonly name = 'UserErrors';

  constructor(readonly errors: readonly UserError[]) {
    super(errors.map((error) => error.message).join('\n'));
  }
}

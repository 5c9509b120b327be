import type { ComponentChildren } from 'preact';
import type { Loaded } from './api.js';

/** What stands in the place of data: an error with its fix, a wait, or the data. */
export function Waiting<Answer>({
  of,
  children,
}: {
  of: Loaded<Answer>;
  children: (data: Answer) => ComponentChildren;
}) {
  return (
    <>
      {of.error && (
        <div class="notice error" role="alert">
          <p>{of.error.message}</p>
          {of.error.fix && <p class="soft">{of.error.fix}</p>}
          <button type="button" onClick={of.reload}>
            Try again
          </button>
        </div>
      )}
      {of.data === undefined
        ? !of.error && (
            <p class="notice soft" aria-busy="true">
              Loading…
            </p>
          )
        : children(of.data)}
    </>
  );
}

/** A place where nothing is yet, and what to do about it. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="notice soft">{children}</p>;
}

/** What supervisor and child process say to each other over Node's IPC. Payloads are JSON texts, passed on unread. */

export type ToChild =
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly params: string }
  /** Nobody waits for the running call any more; Python hears it with its next event or heartbeat. */
  | { readonly kind: 'cancel'; readonly id: number }
  /** Answer to a question: JSON `{value}` or `{error}`. */
  | { readonly kind: 'answer'; readonly answer: string }
  /** End Python in an orderly way, then yourself. */
  | { readonly kind: 'stop' };

export type FromChild =
  | { readonly kind: 'ready'; readonly pid: number; readonly python: string }
  /** Python could not be brought up. */
  | { readonly kind: 'failed'; readonly message: string; readonly missing: boolean }
  /** JSON `[[name, payload], …]`; an empty list is a heartbeat. */
  | { readonly kind: 'events'; readonly events: string }
  /** JSON `[name, payload]`; Python waits. */
  | { readonly kind: 'ask'; readonly question: string }
  /** JSON `{ok | error, events}`. */
  | { readonly kind: 'result'; readonly id: number; readonly reply: string }
  | { readonly kind: 'python-exit'; readonly code: number | null; readonly signal: string | null };

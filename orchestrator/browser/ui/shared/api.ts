import { useEffect, useState } from 'preact/hooks';
import type { ApiError } from '../../api/index.js';

export type QueryValue = string | number | boolean | null | undefined | readonly string[];

/** `path?a=1&b=x` without what is empty; a list repeats its name. */
export function addressOf(path: string, query: Readonly<Record<string, QueryValue>> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined && each !== null && each !== '') search.append(name, String(each));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** An answer that was not 2xx, or none at all (status 0). */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fix: string | undefined,
  ) {
    super(message);
  }
}

/** Throws Refused. A `token` in the address of the first page is handed on (servers that ask for one). */
export async function getJson<Answer>(address: string, signal?: AbortSignal): Promise<Answer> {
  const reply = await fetch(address, signal ? { signal } : {}).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new Refused(0, 'gone', 'The server does not answer.', 'Start it again: vauto browse');
  });
  const body: unknown = await reply.json().catch(() => undefined);
  if (reply.ok) return body as Answer;
  const error = (body as ApiError | undefined)?.error;
  throw new Refused(
    reply.status,
    error?.code ?? 'bug',
    error?.message ?? `The server answered ${reply.status}.`,
    error?.fix,
  );
}

export interface Loaded<Answer> {
  /** The newest answer; it stays while the next one is on its way. */
  readonly data: Answer | undefined;
  readonly error: Refused | undefined;
  readonly loading: boolean;
  /** Asks again. */
  readonly reload: () => void;
}

/** The answer to an address; another address, or `reload`, asks again and drops the answer under way. Null asks nothing. */
export function useJson<Answer>(address: string | null): Loaded<Answer> {
  const [state, setState] = useState<{ address: string | null; data?: Answer; error?: Refused }>({ address: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (address === null) return;
    const abort = new AbortController();
    getJson<Answer>(address, abort.signal).then(
      (data) => setState({ address, data }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const refused = error instanceof Refused ? error : new Refused(0, 'bug', String(error), undefined);
        setState((before) => ({
          address,
          error: refused,
          ...(before.data === undefined ? {} : { data: before.data }),
        }));
      },
    );
    return () => abort.abort();
  }, [address, turn]);
  return {
    data: state.data,
    error: state.address === address ? state.error : undefined,
    loading: address !== null && state.address !== address,
    reload: () => setTurn((count) => count + 1),
  };
}

import { z } from 'zod';

/** What goes back over HTTP. */
export interface Reply {
  readonly status: 200 | 202 | 400;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Carries out each request once and keeps the last `limit` replies, for a client whose answer was lost on the way. */
export function replies(limit: number) {
  const kept = new Map<string, { readonly reply: Promise<Reply>; settled: boolean }>();
  let failed: { readonly error: unknown } | undefined;

  async function settle(work: () => Promise<Reply['body']>): Promise<Reply> {
    try {
      return { status: 200, body: await work() };
    } catch (error) {
      if (error instanceof z.ZodError) return { status: 400, body: { error: z.prettifyError(error) } };
      // The cause stays here; whoever asked only hears that it failed, and asks no more.
      failed ??= { error };
      return { status: 200, body: { error: error instanceof Error ? error.message : String(error) } };
    }
  }

  function forgetOldest(): void {
    for (const [key, { settled }] of kept) {
      if (kept.size <= limit) return;
      if (settled) kept.delete(key);
    }
  }

  return {
    /** The reply to the request of this name; never rejects. An error of `work` is its reply as well. */
    once(key: string, work: () => Promise<Reply['body']>): Promise<Reply> {
      const known = kept.get(key);
      if (known) return known.reply;
      const entry = { reply: settle(work), settled: false };
      kept.set(key, entry);
      void entry.reply.then(() => {
        entry.settled = true;
        forgetOldest();
      });
      return entry.reply;
    },
    /** The first error that was not the client's. */
    failure: (): unknown => failed?.error,
  };
}

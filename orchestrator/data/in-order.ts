/** Results of `work` in the order of the items, with at most `atOnce` under way. */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  for await (const item of items) {
    const result = work(item);
    // A failure is thrown when its turn comes; until then it is nobody's.
    result.catch(() => undefined);
    running.push(result);
    if (running.length >= atOnce) yield await (running.shift() as Promise<Result>);
  }
  for (const result of running) yield await result;
}

/** The same items, in lists of up to `size`. */
export async function* inChunks<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let chunk: Item[] = [];
  for await (const item of items) {
    if (chunk.push(item) < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

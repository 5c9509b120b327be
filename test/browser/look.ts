import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Waits until what `read` gives is this: pages change some moments after a click. */
export async function becomes<Value>(read: () => Promise<Value> | Value, value: Value): Promise<void> {
  await expect.poll(read, { timeout: 15_000, interval: 50 }).toEqual(value);
}

/** Texts of the cells of each row of a table, heads of rows among them. */
export function cellsOf(table: Locator): Promise<string[][]> {
  return table.evaluate((element) =>
    [...element.querySelectorAll('tbody tr')].map((row) =>
      [...row.children].map((cell) => (cell.textContent ?? '').trim()),
    ),
  );
}

export async function texts(of: Locator): Promise<string[]> {
  return (await of.allTextContents()).map((text) => text.trim());
}

/** The query of the page's address. */
export function queryOf(page: Page): Record<string, string> {
  return Object.fromEntries(new URL(page.url()).searchParams);
}

/** The select in a label that begins with these words. */
export function select(page: Page, words: string): Locator {
  return page.locator('label', { hasText: new RegExp(`^\\s*${words}`) }).locator('select');
}

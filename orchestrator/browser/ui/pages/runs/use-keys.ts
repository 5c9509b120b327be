import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/** Keys of the table: "/" to the search, j and k along the names, x to choose. The link in focus opens with Enter by itself. */
export function useKeys(page: RefObject<HTMLElement>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (page.current && act(page.current, event.key)) event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [page]);
}

function act(page: HTMLElement, key: string): boolean {
  if (key === '/') return focus(page.querySelector('input[type=search]'));
  if (key === 'j') return move(page, 1);
  if (key === 'k') return move(page, -1);
  if (key !== 'x') return false;
  const box = document.activeElement?.closest('tr')?.querySelector<HTMLInputElement>('input[type=checkbox]');
  box?.click();
  return box !== null && box !== undefined;
}

function move(page: HTMLElement, by: number): boolean {
  const rows = [...page.querySelectorAll('tbody tr')];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by));
  return focus(rows[next]?.querySelector('a.name') ?? null);
}

function focus(element: Element | null): boolean {
  if (!(element instanceof HTMLElement)) return false;
  element.focus();
  return true;
}

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return target.type !== 'checkbox';
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

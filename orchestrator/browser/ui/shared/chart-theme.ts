import { useEffect, useState } from 'preact/hooks';

/** The colour that a variable of the theme has now. */
export function colourOf(variable: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
}

/** A number that changes with the colours of the page; what is drawn on a canvas has to be drawn anew. */
export function useTheme(): number {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const change = () => setTurn((count) => count + 1);
    const observer = new MutationObserver(change);
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', change);
    return () => {
      observer.disconnect();
      system.removeEventListener('change', change);
    };
  }, []);
  return turn;
}

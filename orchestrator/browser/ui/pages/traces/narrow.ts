import { useEffect, useState } from 'preact/hooks';

const QUERY = matchMedia('(max-width: 48rem)');

/** Whether the screen is so narrow that a rollout takes several lines; traces.css says the same. */
export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(QUERY.matches);
  useEffect(() => {
    const change = () => setNarrow(QUERY.matches);
    QUERY.addEventListener('change', change);
    return () => QUERY.removeEventListener('change', change);
  }, []);
  return narrow;
}

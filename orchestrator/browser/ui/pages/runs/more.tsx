import { useEffect, useRef } from 'preact/hooks';
import { count } from '../../shared/format.js';

interface MoreProps {
  readonly shown: number;
  readonly total: number;
  readonly loading: boolean;
  readonly onMore: () => void;
}

/** The button that brings further rows; it presses itself when it comes into sight. */
export function More({ shown, total, loading, onMore }: MoreProps) {
  const button = useRef<HTMLButtonElement>(null);
  const newest = useRef(onMore);
  newest.current = onMore;
  useEffect(() => {
    const element = button.current;
    if (!element || loading) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) newest.current();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [loading, shown, total]);
  if (shown >= total) return null;
  return (
    <p class="more">
      <button ref={button} type="button" disabled={loading} onClick={onMore}>
        {loading ? 'Loading…' : 'Show more'}
      </button>
      <span class="soft small">
        {count(shown)} of {count(total)}
      </span>
    </p>
  );
}

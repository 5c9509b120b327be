import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface ScrollProps {
  readonly label: string;
  /** The end stays in sight while more is added, until the reader scrolls away from it. */
  readonly atEnd?: boolean;
  readonly children: ComponentChildren;
}

/** A part that is wider or longer than its room: it scrolls by itself, by keys too. */
export function Scroll({ label, atEnd = false, children }: ScrollProps) {
  const part = useRef<HTMLElement>(null);
  const away = useRef(false);
  useLayoutEffect(() => {
    if (atEnd && !away.current) part.current?.scrollTo({ top: part.current.scrollHeight });
  });
  const onScroll = ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }: { currentTarget: HTMLElement }) => {
    away.current = scrollHeight - scrollTop - clientHeight > 8;
  };
  return (
    <section
      ref={part}
      class="scroll"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
      tabIndex={0}
      {...(atEnd ? { onScroll } : {})}
    >
      {children}
    </section>
  );
}

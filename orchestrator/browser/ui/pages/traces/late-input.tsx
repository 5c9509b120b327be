import type { InputHTMLAttributes } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Milliseconds without a key until what was typed is used. */
const PAUSE = 250;

type LateInputProps = Omit<InputHTMLAttributes, 'value' | 'onInput' | 'onChange'> & {
  readonly value: string;
  readonly onValue: (value: string) => void;
};

/** An input whose text is handed on when the typing pauses, or at once with Enter. */
export function LateInput({ value, onValue, ...rest }: LateInputProps) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const handed = useRef(value);
  const newest = useRef(onValue);
  newest.current = onValue;
  useEffect(() => {
    if (value === handed.current) return;
    handed.current = value;
    setText(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const hand = (next: string) => {
    clearTimeout(timer.current);
    if (next.trim() === handed.current) return;
    handed.current = next.trim();
    newest.current(next.trim());
  };
  return (
    <input
      {...rest}
      value={text}
      onInput={({ currentTarget }) => {
        const next = currentTarget.value;
        setText(next);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => hand(next), PAUSE);
      }}
      onChange={({ currentTarget }) => hand(currentTarget.value)}
    />
  );
}

import type { InputHTMLAttributes } from 'preact';
import { useState } from 'preact/hooks';

type NumberInputProps = Omit<InputHTMLAttributes, 'value' | 'type' | 'onInput' | 'onChange' | 'onBlur'> & {
  readonly value: number;
  readonly onNumber: (value: number) => void;
};

/** A number that is handed on with Enter or on leaving; what is being typed stays when the page is drawn again meanwhile. */
export function NumberInput({ value, onNumber, ...rest }: NumberInputProps) {
  const [draft, setDraft] = useState<string | null>(null);
  return (
    <input
      {...rest}
      type="number"
      value={draft ?? value}
      onInput={({ currentTarget }) => setDraft(currentTarget.value)}
      onChange={({ currentTarget }) => {
        setDraft(null);
        if (!Number.isNaN(currentTarget.valueAsNumber)) onNumber(currentTarget.valueAsNumber);
      }}
      onBlur={() => setDraft(null)}
    />
  );
}

import { useState } from 'preact/hooks';

/** Puts a text on the clipboard, and says so. */
export function CopyButton({ text }: { text: string }) {
  const [said, setSaid] = useState('Copy');
  const say = (word: string) => {
    setSaid(word);
    setTimeout(() => setSaid('Copy'), 2000);
  };
  const copy = () =>
    copyText(text).then(
      () => say('Copied'),
      () => say('Not allowed'),
    );
  return (
    <button type="button" class="copy" onClick={copy} aria-live="polite">
      {said}
    </button>
  );
}

/** Pages of another machine without TLS have no clipboard. */
async function copyText(text: string): Promise<void> {
  if (!navigator.clipboard) throw new Error('no clipboard');
  await navigator.clipboard.writeText(text);
}

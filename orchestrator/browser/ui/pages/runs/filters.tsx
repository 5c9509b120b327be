import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunStatus } from '../../../api/index.js';
import type { Wanted } from './query.js';

const STATUSES: readonly RunStatus[] = ['running', 'stalled', 'done', 'interrupted', 'failed'];
/** Milliseconds without a key before a text is searched for. */
const PAUSE = 200;

interface FiltersProps {
  readonly wanted: Wanted;
  readonly tags: readonly string[];
  readonly onChange: (change: Partial<Wanted>) => void;
}

export function Filters({ wanted, tags, onChange }: FiltersProps) {
  const known = wanted.tag === '' || tags.includes(wanted.tag) ? tags : [wanted.tag, ...tags];
  return (
    <search class="filters">
      <Search text={wanted.q} onChange={(q) => onChange({ q })} />
      <label>
        Status
        <select value={wanted.status} onChange={({ currentTarget }) => onChange({ status: currentTarget.value })}>
          <option value="">any</option>
          {STATUSES.map((status) => (
            <option key={status}>{status}</option>
          ))}
        </select>
      </label>
      {known.length > 0 && (
        <label>
          Tag
          <select value={wanted.tag} onChange={({ currentTarget }) => onChange({ tag: currentTarget.value })}>
            <option value="">any</option>
            {known.map((tag) => (
              <option key={tag}>{tag}</option>
            ))}
          </select>
        </label>
      )}
      {(wanted.q !== '' || wanted.status !== '' || wanted.tag !== '') && (
        <button type="button" class="quiet" onClick={() => onChange({ q: '', status: '', tag: '' })}>
          Clear
        </button>
      )}
    </search>
  );
}

function Search({ text, onChange }: { text: string; onChange: (text: string) => void }) {
  const [typed, setTyped] = useState(text);
  const newest = useRef(onChange);
  newest.current = onChange;
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => newest.current(typed), PAUSE);
    return () => clearTimeout(timer);
  }, [typed, text]);
  return (
    <label class="search">
      Search
      <input
        type="search"
        value={typed}
        placeholder="name, tag, note"
        aria-keyshortcuts="/"
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
    </label>
  );
}

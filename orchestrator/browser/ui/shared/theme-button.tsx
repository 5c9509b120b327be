import { useState } from 'preact/hooks';

const KEY = 'vauto-theme';
type Theme = 'light' | 'dark';

const stored = localStorage.getItem(KEY);
if (stored === 'light' || stored === 'dark') document.documentElement.dataset.theme = stored;

/** The system's colours until somebody chooses others. */
function current(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

export function ThemeButton() {
  const [theme, setTheme] = useState(current);
  const other = theme === 'dark' ? 'light' : 'dark';
  const change = () => {
    document.documentElement.dataset.theme = other;
    localStorage.setItem(KEY, other);
    setTheme(other);
  };
  return (
    <button
      type="button"
      class="quiet"
      onClick={change}
      aria-label={`Use ${other} colours`}
      title={`Use ${other} colours`}
    >
      {theme === 'dark' ? '☀' : '☾'}
    </button>
  );
}

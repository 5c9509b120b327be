import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { ThemeButton } from './theme-button.js';

/** The head of every page, and the page below it. */
export function Shell({ children }: { children: ComponentChildren }) {
  const { path } = useLocation();
  const run = /^\/runs\/([^/]+)/.exec(path)?.[1];
  const base = `/runs/${run}`;
  const nav = useRef<HTMLElement>(null);
  // On a narrow screen the head scrolls; where one is, is to be seen.
  useLayoutEffect(() => {
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [path]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="/">
          vauto
        </a>
        <nav aria-label="Pages" ref={nav}>
          <Tab to="/" at={path} exact>
            Runs
          </Tab>
          {run !== undefined && (
            <>
              <span class="crumb" aria-hidden="true">
                /
              </span>
              <Tab to={base} at={path} exact>
                {decodeURIComponent(run)}
              </Tab>
              <Tab to={`${base}/sweep`} at={path}>
                τ explorer
              </Tab>
              <Tab to={`${base}/traces`} at={path}>
                Traces
              </Tab>
            </>
          )}
          {path === '/compare' && (
            <Tab to="/compare" at={path}>
              Compare
            </Tab>
          )}
        </nav>
        <ThemeButton />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

interface TabProps {
  readonly to: string;
  readonly at: string;
  readonly exact?: boolean;
  readonly children: ComponentChildren;
}

function Tab({ to, at, exact = false, children }: TabProps) {
  const here = exact ? at === to : at === to || at.startsWith(`${to}/`);
  return (
    <a href={to} {...(here ? { 'aria-current': 'page' as const } : {})}>
      {children}
    </a>
  );
}

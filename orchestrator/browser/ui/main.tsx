import { render } from 'preact';
import { ErrorBoundary, LocationProvider, lazy, Route, Router } from 'preact-iso';
import { NotFound } from './pages/not-found.js';
import { Shell } from './shared/shell.js';
import './style/theme.css';
import './style/base.css';

const Runs = lazy(() => import('./pages/runs/page.js'));
const Run = lazy(() => import('./pages/run/page.js'));
const Sweep = lazy(() => import('./pages/sweep/page.js'));
const Traces = lazy(() => import('./pages/traces/page.js'));
const Trace = lazy(() => import('./pages/trace/page.js'));
const Compare = lazy(() => import('./pages/compare/page.js'));

/** One address a view: what is filtered and sorted stands in the query, so that it can be sent to somebody. */
function App() {
  return (
    <LocationProvider>
      <Shell>
        <ErrorBoundary>
          <Router>
            <Route path="/" component={Runs} />
            <Route path="/runs/:run" component={Run} />
            <Route path="/runs/:run/sweep" component={Sweep} />
            <Route path="/runs/:run/traces" component={Traces} />
            <Route path="/runs/:run/traces/:id" component={Trace} />
            <Route path="/compare" component={Compare} />
            <Route default component={NotFound} />
          </Router>
        </ErrorBoundary>
      </Shell>
    </LocationProvider>
  );
}

const root = document.getElementById('app');
if (root) render(<App />, root);

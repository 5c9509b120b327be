import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import type { RunDetail } from '../../../api/index.js';
import { Waiting } from '../../shared/notices.js';
import { Artifacts } from './artifacts.js';
import { Curves } from './curves.js';
import { Differences } from './differences.js';
import { Evaluation } from './evaluation.js';
import { EventLog } from './event-log.js';
import { Filter } from './filter.js';
import { Heading } from './heading.js';
import { Headline } from './headline.js';
import { LedgerTable } from './ledger-table.js';
import './run.css';
import { Source } from './source.js';
import { Timeline } from './timeline.js';
import { type Log, useEvents } from './use-events.js';
import { type LiveRun, useRun } from './use-run.js';
import { Warnings } from './warnings.js';

/** One run: what it did, how it went, what it came to. */
export default function Page() {
  const name = useRoute().params.run ?? '';
  return <Run key={name} name={name} />;
}

function Run({ name }: { name: string }) {
  const log = useEvents(name);
  const run = useRun(name, log);
  useEffect(() => {
    document.title = `${name} · vauto`;
  }, [name]);
  return (
    <article class="run-page">
      <Waiting of={run.detail}>{(detail) => <Sections detail={detail} steps={run.steps} log={log} />}</Waiting>
    </article>
  );
}

function Sections({ detail, steps, log }: { detail: RunDetail; steps: LiveRun['steps']; log: Log }) {
  return (
    <>
      <Heading detail={detail} />
      <Headline detail={detail} />
      <Warnings warnings={detail.warnings} />
      <Timeline stages={detail.stages} ledger={detail.ledger} run={detail.run.name} />
      <Curves steps={steps} />
      {detail.filter && <Filter filter={detail.filter} />}
      <Evaluation rows={detail.evaluation} />
      <Differences rows={detail.differences} />
      <LedgerTable ledger={detail.ledger} />
      <Artifacts artifacts={detail.artifacts} />
      <Source detail={detail} />
      <EventLog log={log} />
    </>
  );
}

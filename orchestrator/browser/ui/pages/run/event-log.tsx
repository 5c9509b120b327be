import { localTime } from '../../shared/format.js';
import { Scroll } from './scroll.js';
import { useChoice } from './use-choice.js';
import type { Log, LogLines } from './use-events.js';

const LEVELS = ['info', 'warning', 'error'] as const;

/** The log of the run, newest last. */
export function EventLog({ log }: { log: Log }) {
  const [level, setLevel] = useChoice('level');
  const least = LEVELS.indexOf(levelNamed(level));
  const lines = log.lines.filter((line) => LEVELS.indexOf(line.level) >= least);
  return (
    <section class="logs">
      <div class="title">
        <h2>Log</h2>
        <label class="check">
          <span class="soft small">at least</span>
          <select value={levelNamed(level)} onChange={({ currentTarget }) => setLevel(levelOf(currentTarget.value))}>
            {LEVELS.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      {log.error && <p class="notice error">The log cannot be read: {log.error}</p>}
      {lines.length === 0 && !log.error && (
        <p class="soft">{log.loading ? 'Loading…' : 'Nothing is logged at this level.'}</p>
      )}
      {log.hasMore && (
        <button type="button" disabled={log.loading} onClick={log.more}>
          {log.loading ? 'Loading…' : 'Show earlier lines'}
        </button>
      )}
      {lines.length > 0 && (
        <Scroll label="Lines of the log" atEnd>
          <ol class="log">
            {lines.map((line) => (
              <Line key={line.id} line={line} />
            ))}
          </ol>
        </Scroll>
      )}
    </section>
  );
}

function levelNamed(text: string): (typeof LEVELS)[number] {
  return LEVELS.find((name) => name === text) ?? 'info';
}

function levelOf(chosen: string): string {
  return chosen === 'info' ? '' : chosen;
}

function Line({ line: { at, level, stage, kind, message, data } }: { line: LogLines[number] }) {
  const hasData = data !== undefined && data !== null;
  return (
    <li class={level}>
      <time class="soft" dateTime={at} title={at}>
        {localTime(at)}:{at.slice(17, 19)}
      </time>
      <span class="where">
        {level !== 'info' && <b>{level} </b>}
        {stage ?? kind}
      </span>
      <div class="message">
        {hasData ? (
          <details>
            <summary>{message}</summary>
            <pre>{JSON.stringify(data, null, 2)}</pre>
          </details>
        ) : (
          message
        )}
      </div>
    </li>
  );
}

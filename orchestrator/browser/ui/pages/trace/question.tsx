import type { TraceDetail } from '../../../api/index.js';
import { setName } from '../../shared/format.js';
import { seconds, spanText } from './scale.js';

/** What was asked, and the right answer. */
export function Question({ trace }: { trace: TraceDetail }) {
  const { prompt, row, spans } = trace;
  if (prompt === null)
    return (
      <section>
        <h2>Question</h2>
        <p class="question">{row.question}</p>
        <p class="soft small">The whole question is no longer in the store.</p>
      </section>
    );
  const options = prompt.options ?? [];
  return (
    <section>
      <h2>Question</h2>
      <p class="question">{prompt.question}</p>
      {options.length > 0 && (
        <ol class="options">
          {options.map((option, index) => (
            <Option key={letter(index)} letter={letter(index)} text={option} gold={prompt.answer} />
          ))}
        </ol>
      )}
      <p class="small">
        <b>Gold answer</b>{' '}
        {prompt.answer === '' && spans.gold.length > 0 ? '' : <span class="mono">{prompt.answer}</span>}{' '}
        {spans.gold.map(spanText).join(', ')}{' '}
        <span class="soft">
          · graded as {prompt.problemType} · {setName(prompt.source)}
        </span>
      </p>
      {prompt.media.length > 0 && (
        <p class="small media">
          {prompt.media.map((media) => (
            <a key={media.url} href={media.url} target="_blank" rel="noreferrer" title={media.sha256}>
              The {media.kind}
              {media.start !== null && media.end !== null ? `, ${seconds(media.start)} to ${seconds(media.end)}` : ''}
            </a>
          ))}
        </p>
      )}
    </section>
  );
}

function letter(index: number): string {
  return String.fromCharCode(65 + index);
}

function Option({ letter, text, gold }: { letter: string; text: string; gold: string }) {
  const right = gold.trim().toUpperCase() === letter || gold === text;
  return (
    <li class={right ? 'gold' : ''}>
      <span class="mono">{letter}</span> {text}
      {right && <span class="chip right">gold</span>}
    </li>
  );
}

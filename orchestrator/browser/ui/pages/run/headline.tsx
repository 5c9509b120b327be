import type { ComponentChildren } from 'preact';
import type { RunDetail } from '../../../api/index.js';
import { count, duration, fixed, percent } from '../../shared/format.js';
import { Share } from './interval.js';

/** The few numbers that a run is known by. */
export function Headline({ detail }: { detail: RunDetail }) {
  const { run, threshold } = detail;
  const auto = evaluated(detail);
  return (
    <dl class="headline">
      <Fact name="accuracy, auto" note={auto && noteOf(auto.stage, threshold)}>
        {auto ? <Share of={auto.accuracy} /> : percent(run.accuracy)}
      </Fact>
      <Fact name="tokens an answer">{fixed(run.meanTokens)}</Fact>
      <Fact name="think ratio">{percent(run.thinkRatio)}</Fact>
      <Fact name="threshold τ" note={threshold ? FROM[threshold.from] : undefined}>
        {fixed(threshold?.value, 3)}
      </Fact>
      <Fact name="rollouts">{count(run.rollouts)}</Fact>
      <Fact name="worked">{duration(run.seconds)}</Fact>
    </dl>
  );
}

const FROM = { sweep: 'chosen by the sweep', recipe: 'from the recipe' } as const;

/** The evaluation stops where the recipe says, whatever the sweep chose afterwards. */
function noteOf(stage: string, threshold: RunDetail['threshold']): string | undefined {
  const notes = [
    ...(stage === 'evaluate-before' ? ['before training'] : []),
    ...(threshold?.from === 'sweep' ? ["at the recipe's τ"] : []),
  ];
  return notes.length === 0 ? undefined : notes.join(', ');
}

/** The policy auto over all questions, newest evaluation first. */
function evaluated({ evaluation }: RunDetail) {
  const auto = evaluation.filter(({ policy, benchmark }) => policy === 'auto' && benchmark === 'overall');
  return auto.find(({ stage }) => stage === 'evaluate') ?? auto[0];
}

interface FactProps {
  readonly name: string;
  readonly note?: string | undefined;
  readonly children: ComponentChildren;
}

function Fact({ name, note, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
      {note && <dd class="soft small">{note}</dd>}
    </div>
  );
}

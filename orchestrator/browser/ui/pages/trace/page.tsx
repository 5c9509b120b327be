import { useEffect } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { TraceDetail } from '../../../api/index.js';
import { useJson } from '../../shared/api.js';
import { Waiting } from '../../shared/notices.js';
import { detailAddress, type TraceAddress, tracePath, useTraceAddress } from '../../shared/trace-query.js';
import { Answers } from './answers.js';
import { Completion } from './completion.js';
import { Details } from './details.js';
import { Frames } from './frames.js';
import { Gate } from './gate.js';
import { Group } from './group.js';
import { Heading } from './heading.js';
import { Question } from './question.js';
import { RewardTable } from './reward.js';
import '../traces/mark.css';
import './trace.css';

/** One rollout: what was asked, what was seen, what was written, and what it was worth. */
export default function TracePage() {
  const address = useTraceAddress();
  const id = useRoute().params.id ?? '';
  const detail = useJson<TraceDetail>(detailAddress(id, address.filter));
  const promptId = detail.data?.row.promptId;
  useOwnRun(detail.data, id, address);
  useEffect(() => {
    document.title = `${promptId ?? `Trace ${id}`} · ${address.run} · vauto`;
  }, [promptId, id, address.run]);
  return (
    <div class="trace-page" aria-busy={detail.loading}>
      <Waiting of={detail}>{(trace) => <Sheet key={trace.row.id} trace={trace} address={address} />}</Waiting>
    </div>
  );
}

/** A number that belongs to another run is shown under that run. */
function useOwnRun(trace: TraceDetail | undefined, id: string, { run, filter }: TraceAddress): void {
  const { route } = useLocation();
  const other = trace !== undefined && String(trace.row.id) === id && trace.run !== run ? trace.run : undefined;
  useEffect(() => {
    if (other !== undefined) route(tracePath(other, Number(id), filter), true);
  }, [other, id]);
}

function Sheet({ trace, address }: { trace: TraceDetail; address: TraceAddress }) {
  return (
    <>
      <Heading trace={trace} address={address} />
      <Frames trace={trace} />
      <div class="columns">
        <div>
          <Question trace={trace} />
          <Completion trace={trace} />
        </div>
        <div>
          <Answers trace={trace} />
          <Gate trace={trace} />
          <RewardTable trace={trace} />
          <Group trace={trace} address={address} />
          <Details trace={trace} />
        </div>
      </div>
    </>
  );
}

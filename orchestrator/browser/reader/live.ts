import type { Store, Viewer } from '../../store/index.js';
import type { LiveEvent } from '../api/index.js';
import type { Ledgers } from './ledgers.js';
import { stageViews } from './run-detail.js';
import type { RunRows } from './run-rows.js';

/** How far a listener is; it hands this in at its next call. */
export interface LivePlace {
  readonly turn: number;
  readonly step: number;
  readonly event: number;
  readonly rollouts: number;
  /** Of the run asked for, as JSON. */
  readonly stages: string;
  readonly ledger: string;
}

export interface LiveAnswer {
  readonly events: readonly LiveEvent[];
  readonly place: LivePlace;
}

interface LiveContext {
  readonly store: Store;
  readonly viewer: Viewer;
  readonly rows: RunRows;
  readonly ledgers: Ledgers;
}

const MOST_EVENTS = 1000;

/** What changed since `place`; without one (the first call) nothing, and where things stand. */
export function liveChanges(context: LiveContext, name: string | undefined, place: LivePlace | undefined): LiveAnswer {
  const { rows } = context;
  const all = rows.read();
  const events: LiveEvent[] = [];
  if (place !== undefined) {
    const changed = all.filter((known) => known.changed > place.turn).map((known) => rows.withReward(known));
    const removed = rows.removedSince(place.turn);
    if (changed.length + removed.length > 0) events.push({ type: 'runs', runs: changed, removed });
  }
  const known = all.find(({ run }) => run.name === name);
  const start = { turn: rows.turn, step: -1, event: 0, rollouts: 0, stages: '', ledger: '' };
  if (known === undefined) return { events, place: start };
  const ofRun = changesOf(context, known, place);
  return {
    events: place === undefined ? [] : [...events, ...ofRun.events],
    place: { ...ofRun.place, turn: rows.turn },
  };
}

function changesOf(
  { store, viewer, ledgers }: LiveContext,
  known: ReturnType<RunRows['read']>[number],
  place: LivePlace | undefined,
): { events: LiveEvent[]; place: Omit<LivePlace, 'turn'> } {
  const { id } = known.run;
  const events: LiveEvent[] = [];
  const steps = viewer.steps(id, place?.step ?? -1);
  if (steps.length > 0) events.push({ type: 'steps', steps });
  const log = viewer.events(
    id,
    place === undefined ? { before: Number.MAX_SAFE_INTEGER, limit: 1 } : { after: place.event, limit: MOST_EVENTS },
  );
  if (log.length > 0) events.push({ type: 'events', events: log });
  const stages = stageViews(store, known);
  const ledger = ledgers.of(known);
  const [stagesText, ledgerText] = [JSON.stringify(stages), JSON.stringify(ledger)];
  if (stagesText !== place?.stages) events.push({ type: 'stages', stages });
  if (ledgerText !== place?.ledger) events.push({ type: 'ledger', ledger });
  const { rollouts } = known.row;
  if (rollouts !== place?.rollouts) events.push({ type: 'rollouts', all: rollouts });
  return {
    events,
    place: {
      step: steps.at(-1)?.step ?? place?.step ?? -1,
      event: log.at(-1)?.id ?? place?.event ?? 0,
      ...{ rollouts, stages: stagesText, ledger: ledgerText },
    },
  };
}

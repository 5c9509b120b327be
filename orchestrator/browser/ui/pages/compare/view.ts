import { useLocation } from 'preact-iso';
import { type FlipKind, POLICIES, type PolicyName } from '../../../api/index.js';
import { addressOf } from '../../shared/api.js';

export const KINDS: readonly FlipKind[] = ['fixed', 'broken', 'same-right', 'same-wrong'];

/** What is compared, as it stands in the address. */
export interface View {
  /** The first is the baseline. */
  readonly runs: readonly string[];
  readonly policy: PolicyName;
  /** Of the flips: which run, and which benchmark (null: all). */
  readonly against: string | null;
  readonly benchmark: string | null;
  /** Null: the first kind that there is any of. */
  readonly kind: FlipKind | null;
  /** Place of the first flip of the page, and of the one that is open. */
  readonly offset: number;
  readonly open: number | null;
}

export type Change = (part: Partial<View>) => void;

/** The view and a way to change parts of it; each change replaces the address. */
export function useView(): [View, Change] {
  const { url, route } = useLocation();
  const view = parse(new URL(url, location.origin).searchParams);
  return [view, (part) => route(addressOfView({ ...view, ...part }), true)];
}

function parse(query: URLSearchParams): View {
  const runs = [...new Set(query.getAll('run').filter((run) => run !== ''))];
  const against = query.get('against');
  const open = placeOf(query.get('open'));
  return {
    runs,
    policy: POLICIES.find((policy) => policy === query.get('policy')) ?? 'auto',
    against: against !== null && runs.indexOf(against) > 0 ? against : (runs[1] ?? null),
    benchmark: query.get('benchmark') || null,
    kind: KINDS.find((kind) => kind === query.get('kind')) ?? null,
    offset: placeOf(query.get('offset')) ?? 0,
    open,
  };
}

function placeOf(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function addressOfView({ runs, policy, against, benchmark, kind, offset, open }: View): string {
  return addressOf('/compare', {
    run: runs,
    policy: policy === 'auto' ? null : policy,
    against: against === runs[1] ? null : against,
    benchmark,
    kind,
    offset: offset || null,
    open,
  });
}

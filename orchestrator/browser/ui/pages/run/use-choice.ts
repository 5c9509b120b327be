import { useLocation } from 'preact-iso';
import { addressOf } from '../../shared/api.js';

/** A choice of the reader that stands in the address under this name; '' is the usual. */
export function useChoice(name: string): [string, (value: string) => void] {
  const { path, query, route } = useLocation();
  return [query[name] ?? '', (value) => route(addressOf(path, { ...query, [name]: value }), true)];
}

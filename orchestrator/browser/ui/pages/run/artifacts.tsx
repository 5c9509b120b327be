import type { RunDetail } from '../../../api/index.js';
import { bytes } from '../../shared/format.js';
import { Scroll } from './scroll.js';

/** Files that the stages left in the folder of the run. */
export function Artifacts({ artifacts }: Pick<RunDetail, 'artifacts'>) {
  if (artifacts.length === 0) return null;
  return (
    <section>
      <h2>Artifacts</h2>
      <Scroll label="Artifacts">
        <table>
          <caption class="hidden">Artifacts</caption>
          <thead>
            <tr>
              <th scope="col">Path</th>
              <th scope="col">Stage</th>
              <th scope="col" class="num">
                Size
              </th>
              <th scope="col">SHA-256</th>
            </tr>
          </thead>
          <tbody>
            {artifacts.map(({ path, stage, bytes: size, sha256, name }) => (
              <tr key={`${stage} ${path}`}>
                <td class="mono" title={name}>
                  {path}
                </td>
                <td>{stage}</td>
                <td class="num">{bytes(size)}</td>
                <td class="mono soft" title={sha256}>
                  {sha256.slice(0, 12)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

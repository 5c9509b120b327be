import type { GroupMember, TraceDetail } from '../../../api/index.js';
import { count, fixed, NONE, signed } from '../../shared/format.js';
import { type TraceAddress, tracePath } from '../../shared/trace-query.js';
import { Mark, NoMark } from '../traces/mark.js';

/** The rollouts of the same question beside this one: what an advantage is measured against. */
export function Group({ trace, address }: { trace: TraceDetail; address: TraceAddress }) {
  const { group, row } = trace;
  if (group.length < 2) return null;
  const most = Math.max(...group.map((member) => Math.abs(member.advantage ?? 0)));
  return (
    <section>
      <h2>Group of {count(group.length)}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Rollouts of the group">
        <table class="group">
          <thead>
            <tr>
              <th scope="col">Rollout</th>
              <th scope="col">First</th>
              <th scope="col">Final</th>
              <th scope="col" class="num">
                Reward
              </th>
              <th scope="col" class="num">
                Advantage
              </th>
              <th scope="col">
                <span class="hidden">Advantage as a bar</span>
              </th>
              <th scope="col" class="num">
                Tokens
              </th>
            </tr>
          </thead>
          <tbody>
            {group.map((member) => (
              <Member key={member.id} member={member} here={member.id === row.id} most={most} address={address} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

interface MemberProps {
  readonly member: GroupMember;
  readonly here: boolean;
  /** The largest advantage of the group, of either sign. */
  readonly most: number;
  readonly address: TraceAddress;
}

function Member({ member, here, most, address }: MemberProps) {
  const name = `# ${member.index}`;
  return (
    <tr class={here ? 'here' : ''}>
      <th scope="row">
        {here ? (
          <span aria-current="true">{name} (this)</span>
        ) : (
          <a href={tracePath(address.run, member.id, address.filter)}>{name}</a>
        )}
      </th>
      <td>
        {member.first === null ? <NoMark what="no first answer, or not graded" /> : <Mark correct={member.first} />}
      </td>
      <td>
        <Mark correct={member.correct} />
      </td>
      <td class="num">{fixed(member.reward, 2).replace('-', '−')}</td>
      <td class="num">{member.advantage === null ? NONE : signed(member.advantage, 2)}</td>
      <td class="advantage" aria-hidden="true">
        <Bar value={member.advantage} most={most} />
      </td>
      <td class="num">{count(member.tokens)}</td>
    </tr>
  );
}

/** From the middle to the right when it is better than its group, to the left when it is worse. */
function Bar({ value, most }: { value: number | null; most: number }) {
  const share = value === null || most === 0 ? 0 : (50 * Math.abs(value)) / most;
  const side = (value ?? 0) < 0 ? { right: '50%' } : { left: '50%' };
  return (
    <span class="zero-line">
      <span class={(value ?? 0) < 0 ? 'less' : 'more'} style={{ ...side, width: `${share}%` }} />
    </span>
  );
}

import { type Clock, messageOf } from '@loopwright/protocol';
import { type JailGuest, type JailUser, bubblewrapStarter, filterArchitecture, findBubblewrap, nodeGuest } from './bubblewrap.ts';
import { type Probe, inspectJail, nodeProbe, whatIsMissing } from './inspect-jail.ts';
import { type Jail, refusing, unjailed } from './jail.ts';

/**
 * What is done about the jail. `required`: where it does not stand, no program is run. `preferred`: it is used where it stands, and `/health` says
 * when it does not. `off`: none is built.
 */
export type JailPolicy = 'required' | 'preferred' | 'off';

/** How a jail is opened. */
export interface JailOptions {
  readonly policy: JailPolicy;
  readonly clock: Clock;
  /** Folders in which bubblewrap is looked for. Default: those of `PATH`. */
  readonly path?: string;
  /** Told when programs are run without a jail, or not run at all. */
  readonly log?: (message: string) => void;
}

/** Builds the jail of this machine and probes it; it takes the time of a start of Node or two. Never throws: what fails is in the walls. */
export async function openJail({ policy, clock, path, log = () => undefined }: JailOptions): Promise<Jail> {
  if (policy === 'off') return unjailed('switched off by sandbox_jail: off');
  const found = await buildJail(nodeGuest, nodeProbe, { clock, path });
  if (typeof found !== 'string') return found;
  log(policy === 'required' ? `No program is run: ${found}` : `Programs are run without a jail: ${found}`);
  return policy === 'required' ? refusing(found) : unjailed(found);
}

/** Builds a jail for a guest and sends the probe into it; gives the reason where there is none. */
export async function buildJail(
  guestOf: () => JailGuest,
  probe: Probe,
  { clock, path = process.env['PATH'] ?? '' }: { clock: Clock; path?: string | undefined },
): Promise<Jail | string> {
  if (process.platform !== 'linux') return `there is no jail on ${process.platform}`;
  const architecture = filterArchitecture();
  if (architecture === undefined) return `there is no filter of system calls for ${process.arch}`;
  const bwrap = findBubblewrap(path);
  if (bwrap === undefined) return 'bubblewrap is not installed (Debian, Ubuntu and Alpine: the package bubblewrap)';
  const guest = guestOf();
  const reasons: string[] = [];
  const users: readonly JailUser[] = process.getuid?.() === 0 ? ['nobody', 'self'] : ['self'];
  for (const user of users) {
    const start = bubblewrapStarter(bwrap, { architecture, user, guest });
    try {
      const walls = await inspectJail(start, clock, probe);
      const missing = whatIsMissing(walls);
      if (missing === undefined) return { name: 'bubblewrap', walls, refusal: undefined, start };
      reasons.push(missing);
    } catch (error) {
      reasons.push(`bubblewrap as ${user}: ${messageOf(error)}`);
    }
  }
  return reasons.join('; ').slice(0, 1000);
}

// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { CarabinerError, type ModuleEntry, type Settings } from '@carabiner/core';
import type { Placements } from './placement.js';

/** Where setpriv is installed. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];

/** Guests cannot be given the user or the capabilities that the composition asks for. */
export class GuestIdentityError extends CarabinerError {
  readonly code = 'EVEREST_GUEST_IDENTITY';
}

/** With whose rights guests run. */
export interface GuestIdentity {
  /** The program that binds guests to this process and gives them their rights; undefined where nobody needs it. */
  readonly setpriv: string | undefined;
  /** Undefined leaves them the user of this process. */
  readonly runAs: { readonly user: string; readonly gid: string } | undefined;
}

/**
 * Looks whether the guests among `entries` can get the rights that they should have.
 *
 * @throws GuestIdentityError when one would run with more, or other, rights than the composition says
 */
export function guestIdentity(
  entries: readonly ModuleEntry[],
  placements: Pick<Placements, 'of'>,
  { everest }: Settings,
  candidates: readonly string[] = SETPRIV,
): GuestIdentity {
  const setpriv = findSetpriv(candidates);
  const guests = entries.filter((entry) => placements.of(entry).kind === 'guest');
  const user = String(everest['run_as_user'] ?? '');
  for (const { id, module, capabilities } of guests) {
    const wanted = [
      ...(user === '' ? [] : [`as user '${user}' (settings.run_as_user)`]),
      ...(capabilities.length === 0 ? [] : [`with capabilities ${capabilities.join(', ')}`]),
    ];
    if (wanted.length > 0 && setpriv === undefined)
      throw new GuestIdentityError(
        `module '${id}' (${module}) is to run ${wanted.join(' and ')}, which needs the program setpriv of ` +
          'util-linux (not that of BusyBox) in /usr/bin or /bin: install it, or do not ask for that',
      );
  }
  return { setpriv, runAs: guests.length === 0 || user === '' ? undefined : { user, gid: groupOf(user) } };
}

/** The setpriv of util-linux: that of BusyBox knows neither users nor the end of the parent. */
function findSetpriv(candidates: readonly string[]): string | undefined {
  return candidates.find((path) => existsSync(path) && !basename(realpathSync(path)).startsWith('busybox'));
}

/** The user's own group, asked of the system, which may know users that /etc/passwd does not. */
function groupOf(user: string): string {
  const { error, status, stdout } = spawnSync('id', ['-g', '--', user], { encoding: 'utf8' });
  if (error !== undefined)
    throw new GuestIdentityError(
      `the group of user '${user}' (settings.run_as_user) cannot be found out: the program id does not run`,
      { cause: error },
    );
  if (status !== 0)
    throw new GuestIdentityError(
      `settings.run_as_user is '${user}', whom this machine does not know: create that user, or correct the name`,
    );
  return stdout.trim();
}

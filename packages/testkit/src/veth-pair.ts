// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';

/** A pair of connected virtual interfaces. */
export interface VethPair {
  /** Name of one end. */
  readonly a: string;
  /** Name of the other end. */
  readonly b: string;
  /** Runs the command `ip`. */
  readonly ip: (...args: string[]) => void;
  /** Takes both ends away; never throws. */
  readonly remove: () => void;
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/**
 * Makes a pair, up and running, for tests on raw Ethernet. Needs Linux and root.
 *
 * @param name - begins the names of both ends; at most 10 characters
 * @returns the pair, or the reason why there is none
 */
export function makeVethPair(name: string): VethPair | { readonly unavailable: string } {
  if (process.platform !== 'linux') return { unavailable: 'packet sockets need Linux' };
  if (process.getuid?.() !== 0) return { unavailable: 'making network interfaces needs root' };
  const suffix = `${process.pid % 10_000}`;
  const a = `${name}a${suffix}`;
  const b = `${name}b${suffix}`;
  try {
    ip('link', 'add', a, 'type', 'veth', 'peer', 'name', b);
    ip('link', 'set', a, 'up');
    ip('link', 'set', b, 'up');
  } catch (error) {
    return { unavailable: `no veth pair: ${error instanceof Error ? error.message : String(error)}` };
  }
  return {
    a,
    b,
    ip,
    remove: () => {
      try {
        ip('link', 'del', a);
      } catch {
        // A test may have removed it.
      }
    },
  };
}

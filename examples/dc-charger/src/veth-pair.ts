// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { removeAtExit } from './leftovers.js';

/** A pair of virtual Ethernet interfaces: a cable between driver and power unit. Needs root and iproute2. */
export class VethPair {
  readonly #removed = removeAtExit(() => ip('link', 'delete', this.first));

  private constructor(
    readonly first: string,
    readonly second: string,
  ) {}

  /**
   * Makes a pair and switches it on.
   *
   * @throws Error when that is not permitted, or `ip` is missing
   */
  static create(): VethPair {
    const suffix = process.pid.toString(36);
    const pair = new VethPair(`crba${suffix}`, `crbb${suffix}`);
    ip('link', 'add', pair.first, 'type', 'veth', 'peer', 'name', pair.second);
    ip('link', 'set', pair.first, 'up');
    ip('link', 'set', pair.second, 'up');
    return pair;
  }

  /** Removes both ends. */
  remove(): void {
    ip('link', 'delete', this.first);
    this.#removed();
  }
}

function ip(...args: readonly string[]): void {
  const { error, status, stderr } = spawnSync('ip', args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  if (error !== undefined)
    throw new Error(`the packet link needs the command ip (iproute2): ${error.message}`);
  if (status !== 0) throw new Error(`the packet link needs root: ip ${args.join(' ')}: ${stderr.trim()}`);
}

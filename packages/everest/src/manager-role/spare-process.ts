// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock, Timer } from '@carabiner/clock';
import type { Logger } from '@carabiner/core';
import type { Assignment } from '../module-role/spare-process.js';
import { spawnChild, type ProcessCommand } from './supervised-process.js';

const SPARE_PROCESS = fileURLToPath(new URL('../../bin/spare-process.js', import.meta.url));

/** A spare is made when a start, or a restart, is over; it would slow that down. */
const PREPARE_MS = 2_000;
/** Spares that ended before they were used, after which no more are made. */
const FAILURES_LIMIT = 3;

/**
 * A process that waits to become a module of ours whose own process ended: most of the time of a restart goes into
 * starting Node and loading what all modules have in common, and that is done by then.
 */
export class SpareProcess {
  #child: ChildProcess | undefined;
  #timer: Timer | undefined;
  #failures = 0;
  #closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Process id; undefined while there is none. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Has one ready before long. */
  prepare(): void {
    if (this.#closed || this.#child !== undefined) return;
    this.#timer?.cancel();
    this.#timer = this.clock.setTimeout(() => {
      this.#start();
    }, PREPARE_MS);
  }

  /** Turns the spare into the module of `command`; undefined when there is none, or the module is not one of ours. */
  take({ moduleArgs, env }: ProcessCommand): ChildProcess | undefined {
    const child = this.#child;
    if (moduleArgs === undefined || child?.stdin === null || child?.stdin === undefined) return undefined;
    this.#child = undefined;
    child.removeAllListeners('exit');
    const assignment: Assignment = { args: moduleArgs, env };
    child.stdin.write(`${JSON.stringify(assignment)}\n`);
    this.prepare();
    return child;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#child?.kill('SIGKILL');
  }

  #start(): void {
    const child = spawnChild({
      file: process.execPath,
      args: [SPARE_PROCESS],
      env: process.env,
    });
    this.#child = child;
    child.once('error', (error) => {
      this.log.debug('no spare process', { error });
    });
    child.once('exit', () => {
      this.#child = undefined;
      this.#failures += 1;
      if (this.#failures < FAILURES_LIMIT) this.prepare();
    });
  }
}

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
 * Processes that wait to become modules of ours: most of the time of a start goes into starting Node and loading what all
 * modules have in common. Those of the first start load while this process still checks the composition; later one waits
 * for a module whose process ends.
 */
export class SpareProcesses {
  /** The longest waiting first. */
  readonly #waiting: ChildProcess[] = [];
  #timer: Timer | undefined;
  #failures = 0;
  /** One is kept for a restart, beyond those of the start. */
  #keeping = false;
  #closed = false;

  /** @param env - environment they wait with; each gets that of its module later */
  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly env: ProcessCommand['env'],
  ) {}

  /** Process id of the next; undefined while there is none. */
  get pid(): number | undefined {
    return this.#waiting[0]?.pid;
  }

  /** Starts `count` of them at once. */
  launch(count: number): void {
    for (let left = count; left > 0; left--) this.#start();
  }

  /** From now on has one ready before long, whenever there is none. */
  prepare(): void {
    this.#keeping = true;
    if (this.#closed || this.#waiting.length > 0) return;
    this.#timer?.cancel();
    this.#timer = this.clock.setTimeout(() => {
      this.#start();
    }, PREPARE_MS);
  }

  /** Turns a spare into the module of `command`; undefined when there is none, or the module is not one of ours. */
  take({ moduleArgs, env }: ProcessCommand): ChildProcess | undefined {
    if (moduleArgs === undefined) return undefined;
    const child = this.#waiting.shift();
    if (child?.stdin === null || child?.stdin === undefined) return undefined;
    child.removeAllListeners('exit');
    const assignment: Assignment = { args: moduleArgs, env };
    child.stdin.write(`${JSON.stringify(assignment)}\n`);
    if (this.#keeping) this.prepare();
    return child;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    for (const child of this.#waiting.splice(0)) {
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
    }
  }

  #start(): void {
    const child = spawnChild({ file: process.execPath, args: [SPARE_PROCESS], env: this.env });
    this.#waiting.push(child);
    const drop = (): void => {
      const index = this.#waiting.indexOf(child);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
    child.once('error', (error) => {
      this.log.debug('no spare process', { error });
      drop();
    });
    child.once('exit', () => {
      drop();
      this.#failures += 1;
      if (this.#keeping && this.#failures < FAILURES_LIMIT) this.prepare();
    });
  }
}

// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { systemClock, type Clock, type Timer } from '@carabiner/clock';
import type { Logger, RestartPolicy } from '@carabiner/core';

/** How a process is started. */
export interface ProcessCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** First word of the command line as others see it; default the file. */
  readonly argv0?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For a module of ours: the arguments behind the program, which a spare process can take. */
  readonly moduleArgs?: readonly string[];
}

/** What happens to a supervised process. */
export interface SupervisedEvents {
  /** It ended although nobody asked it to. `restartsInMs` is undefined when it is given up. */
  ended(reason: string, restartsInMs: number | undefined): void;
  restarted(): void;
}

/** Time a process has to follow SIGTERM. */
const TERM_MS = 5_000;

/**
 * Starts a process whose standard input is a pipe, so that it notices when this process is killed. It has a group of its
 * own: Ctrl-C in a terminal is for this process, which stops its children in order.
 */
export function spawnChild({ file, args, env, argv0 }: ProcessCommand): ChildProcess {
  const child = spawn(file, args, { argv0, env, stdio: ['pipe', 'inherit', 'inherit'], detached: true });
  // A process that is gone closes the pipe.
  child.stdin.on('error', () => undefined);
  return child;
}

/**
 * One child process: started again when it ends, at once the first time and with a growing delay from then on, and stopped
 * in the end.
 */
export class SupervisedProcess {
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #stopping = false;
  #failures = 0;
  #lastStartMs = 0;

  constructor(
    readonly id: string,
    private readonly command: () => ProcessCommand,
    private readonly policy: RestartPolicy,
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly events: SupervisedEvents,
    private readonly launch: (command: ProcessCommand) => ChildProcess = spawnChild,
  ) {}

  /** Process id; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    this.#lastStartMs = this.clock.monotonic();
    const child = this.launch(this.command());
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      let over = false;
      const end = (reason: string): void => {
        if (over) return;
        over = true;
        this.#child = undefined;
        resolve();
        this.#onEnd(reason);
      };
      child.once('error', (error) => end(error.message));
      child.once('exit', (code, signal) => end(signal === null ? `status ${String(code)}` : signal));
    });
  }

  /** Resolves when the process has ended by itself; true, or false when `timeoutMs` of real time passed before. */
  async waitForEnd(timeoutMs: number): Promise<boolean> {
    this.#stopping = true;
    this.#timer?.cancel();
    if (this.#child === undefined) return true;
    let timer: Timer | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = systemClock.setTimeout(() => {
        resolve(false);
      }, timeoutMs);
    });
    const done = await Promise.race([this.#ended.then(() => true), late]);
    timer?.cancel();
    return done;
  }

  /** SIGTERM, and SIGKILL to one that does not follow. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#timer?.cancel();
    if (this.#child === undefined) return;
    this.#child.kill('SIGTERM');
    if (await this.waitForEnd(TERM_MS)) return;
    this.log.warn('a module did not end on SIGTERM and was killed', { moduleId: this.id });
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #onEnd(reason: string): void {
    if (this.#stopping) return;
    const delayMs = this.#delay();
    this.events.ended(reason, delayMs);
    if (delayMs === undefined) return;
    const again = (): void => {
      this.#timer = undefined;
      this.start();
      this.events.restarted();
    };
    if (delayMs === 0) again();
    else this.#timer = this.clock.setTimeout(again, delayMs);
  }

  #delay(): number | undefined {
    const { policy, delayMs, maxDelayMs, maxAttempts, resetAfterMs } = this.policy;
    if (policy === 'never') return undefined;
    if (this.clock.monotonic() - this.#lastStartMs > resetAfterMs) this.#failures = 0;
    if (this.#failures >= maxAttempts) return undefined;
    this.#failures += 1;
    return this.#failures === 1 ? 0 : Math.min(maxDelayMs, delayMs * 2 ** (this.#failures - 2));
  }
}

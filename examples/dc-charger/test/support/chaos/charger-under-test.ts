// SPDX-License-Identifier: Apache-2.0
import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@carabiner/clock';
import { TIME_VARIABLES } from '@carabiner/everest';
import type { Order, Report } from './charger-messages.js';

const PROCESS = fileURLToPath(new URL('./charger-process.js', import.meta.url));
const FOLDER = fileURLToPath(new URL('../../../', import.meta.url));

/** What is told of the processes of a charger. */
export interface ChargerEvents {
  module(moduleId: string, state: string, reason: string | undefined): void;
  /** A line that any process wrote, to its log or on standard error. */
  line(text: string): void;
  /** The manager's process ended although nobody asked it to. */
  managerEnded(reason: string): void;
}

/** A charger whose manager and modules are all processes of their own. */
export class ChargerUnderTest {
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #states = new Map<string, string>();
  #pids = new Map<string, number>();
  #nextCall = 0;
  #stopping = false;
  #started: () => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;

  private constructor(
    factor: number,
    private readonly events: ChargerEvents,
  ) {
    this.#child = fork(PROCESS, [], {
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...process.env,
        [TIME_VARIABLES.factor]: String(factor),
        [TIME_VARIABLES.epoch]: String(systemClock.now()),
      },
    });
    for (const input of [this.#child.stdout, this.#child.stderr])
      if (input !== null)
        createInterface({ input }).on('line', (line) => {
          events.line(line);
        });
    this.#child.on('message', (report: Report) => {
      this.#take(report);
    });
    this.#child.once('exit', (code, signal) => {
      const reason = signal ?? `status ${String(code)}`;
      this.#failed(new Error(`the manager ended with ${reason}`));
      if (!this.#stopping) events.managerEnded(reason);
    });
  }

  /** @throws Error when a module does not start */
  static async start(composition: unknown, factor: number, events: ChargerEvents): Promise<ChargerUnderTest> {
    const charger = new ChargerUnderTest(factor, events);
    const started = new Promise<void>((resolve, reject) => {
      charger.#started = resolve;
      charger.#failed = reject;
    });
    charger.#order({ kind: 'start', composition, folder: FOLDER });
    await started;
    return charger;
  }

  pid(moduleId: string): number | undefined {
    return this.#pids.get(moduleId);
  }

  /** Modules that the manager does not know to be running. */
  get absent(): readonly string[] {
    return [...this.#states].filter(([, state]) => state !== 'running').map(([id]) => id);
  }

  /** @returns false when the process is not there */
  signal(moduleId: string, signal: NodeJS.Signals): boolean {
    const pid = this.#pids.get(moduleId);
    if (pid === undefined) return false;
    try {
      return process.kill(pid, signal);
    } catch {
      return false;
    }
  }

  /** Calls a command as the host of the charger does. @throws Error when it does not succeed */
  async call(moduleId: string, implementation: string, command: string, args: object = {}): Promise<unknown> {
    this.#nextCall += 1;
    const id = this.#nextCall;
    return await new Promise<unknown>((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#order({ kind: 'call', id, moduleId, implementation, command, args });
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => {
      this.#child.once('exit', () => {
        resolve();
      });
    });
    this.#order({ kind: 'stop' });
    await ended;
  }

  #order(order: Order): void {
    if (this.#child.connected) this.#child.send(order);
  }

  #take(report: Report): void {
    switch (report.kind) {
      case 'started':
        this.#started();
        break;
      case 'failed':
        this.#failed(new Error(report.message));
        break;
      case 'module':
        this.#pids = new Map(report.pids);
        this.#states.set(report.moduleId, report.state);
        this.events.module(report.moduleId, report.state, report.reason);
        break;
      case 'answer':
        this.#calls.get(report.id)?.resolve(report.value);
        this.#calls.delete(report.id);
        break;
      case 'refusal':
        this.#calls.get(report.id)?.reject(new Error(report.message));
        this.#calls.delete(report.id);
        break;
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Timer } from '@carabiner/clock';
import type { BrokerProxy } from './broker-proxy.js';
import type { ChargerUnderTest } from './charger-under-test.js';
import { BROKER, type Disturbances } from './disturbances.js';
import { MANAGER_PROCESS, type Fault } from './fault.js';
import type { Mosquitto } from './mosquitto.js';
import type { Observer } from './observer.js';
import type { ProcessInvariant } from './processes.js';
import type { Random } from './random.js';

/** A connection that was cut is there again after this time, ms of real time: a reconnect and its subscriptions. */
const RECONNECTED_MS = 1_000;

/** Makes faults happen. */
export class FaultPlayer {
  readonly #resumes = new Map<string, Timer>();
  #timers: Timer[] = [];

  /** @param broker - undefined when the broker is part of the manager's process */
  constructor(
    private readonly charger: ChargerUnderTest,
    private readonly observer: Observer,
    private readonly broker: { readonly mosquitto: Mosquitto; readonly proxy: BrokerProxy } | undefined,
    private readonly disturbances: Disturbances,
    private readonly processes: ProcessInvariant,
  ) {}

  /** @returns real time to leave the system alone for, ms */
  async play(fault: Fault, random: Random): Promise<number> {
    switch (fault.kind) {
      case 'malformed':
        await this.observer.publish(fault.topic, fault.payload);
        return random.int(10, 80);
      case 'kill':
        this.#resume(fault.moduleId);
        if (this.charger.pid(fault.moduleId) !== undefined) {
          this.processes.willBeKilled(fault.moduleId);
          this.charger.signal(fault.moduleId, 'SIGKILL');
        }
        return random.int(50, 1_200);
      case 'pause':
        this.#pause(fault.moduleId, fault.forMs);
        return random.int(50, 600);
      case 'drop':
        this.#cutOff(fault.processName);
        this.broker?.proxy.drop(fault.processName);
        return random.int(50, 500);
      case 'broker':
        await this.#killBroker(fault.downMs);
        return random.int(100, 600);
    }
  }

  /** Lets everything go on that was held up. */
  heal(): void {
    for (const moduleId of [...this.#resumes.keys()]) this.#resume(moduleId);
  }

  stop(): void {
    this.heal();
    for (const timer of this.#timers) timer.cancel();
  }

  #pause(moduleId: string, forMs: number): void {
    this.#resume(moduleId);
    if (!this.charger.signal(moduleId, 'SIGSTOP')) return;
    this.disturbances.begin(moduleId, 'paused');
    this.#resumes.set(
      moduleId,
      systemClock.setTimeout(() => {
        this.#resume(moduleId);
      }, forMs),
    );
  }

  #resume(moduleId: string): void {
    const timer = this.#resumes.get(moduleId);
    if (timer === undefined) return;
    timer.cancel();
    this.#resumes.delete(moduleId);
    this.charger.signal(moduleId, 'SIGCONT');
    this.disturbances.end(moduleId, 'paused');
  }

  #cutOff(processName: string): void {
    if (processName === MANAGER_PROCESS) return;
    this.disturbances.begin(processName, 'cut off');
    this.#timers.push(
      systemClock.setTimeout(() => {
        this.disturbances.end(processName, 'cut off');
      }, RECONNECTED_MS),
    );
  }

  async #killBroker(downMs: number): Promise<void> {
    if (this.broker === undefined) return;
    this.disturbances.begin(BROKER, 'dead');
    await this.broker.mosquitto.kill();
    await systemClock.sleep(downMs);
    await this.broker.mosquitto.start();
    await this.observer.ready();
    this.#timers.push(
      systemClock.setTimeout(() => {
        this.disturbances.end(BROKER, 'dead');
      }, RECONNECTED_MS),
    );
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import { BROKER, type Disturbances } from './disturbances.js';

type Name = SessionEvent['event'];

/** What may only be said within a transaction. */
const CHARGING: ReadonlySet<Name> = new Set([
  'PrepareCharging',
  'ChargingStarted',
  'ChargingPausedEV',
  'ChargingPausedEVSE',
  'ChargingFinished',
]);
/** Events that belong to no session. */
const OUTSIDE: ReadonlySet<Name> = new Set(['Enabled', 'Disabled', 'ReservationStart', 'ReservationEnd']);

/** Events of one session come under one id and in an order that makes sense. */
export class SessionInvariant {
  readonly #over = new Set<string>();
  #session: string | undefined;
  #transaction: string | undefined;
  #resumed: string | undefined;
  #lastMs = 0;
  #last = '';
  #count = 0;

  constructor(
    private readonly disturbances: Disturbances,
    private readonly violated: (what: string) => void,
  ) {}

  get summary(): string {
    return `${this.#count} sessions`;
  }

  /** Session that is known to go on. */
  get open(): string | undefined {
    return this.#session;
  }

  event(event: SessionEvent, atMs: number): void {
    if (OUTSIDE.has(event.event)) return;
    const { uuid, event: name } = event;
    const said = `${uuid} ${name} ${event.timestamp}`;
    if (said === this.#last) return;
    this.#last = said;
    // Whoever was cut off or killed since has left some of its events unsaid.
    const gap = this.disturbances.any([BROKER, 'evse_1'], this.#lastMs, atMs);
    this.#lastMs = atMs;
    // What was resumed was over only if word of that did not reach the store, which is away at times.
    if (this.#over.has(uuid) && this.#resumed !== uuid && !gap)
      this.violated(`${name} of session ${uuid}, which was over`);
    this.#order(name, uuid, gap);
  }

  #order(name: Name, uuid: string, gap: boolean): void {
    switch (name) {
      case 'SessionStarted':
        if (this.#session !== undefined && !gap)
          this.violated(`session ${uuid} started within session ${this.#session}`);
        this.#session = uuid;
        this.#transaction = undefined;
        this.#count += 1;
        return;
      case 'SessionResumed':
        if (!gap) this.violated(`session ${uuid} was resumed although nothing had ended`);
        this.#session = uuid;
        this.#transaction = uuid;
        this.#resumed = uuid;
        return;
      case 'SessionFinished':
        this.#within(name, uuid, gap);
        if (this.#transaction !== undefined && !gap)
          this.violated(`session ${uuid} finished before its transaction`);
        this.#over.add(uuid);
        this.#session = undefined;
        this.#transaction = undefined;
        return;
      case 'TransactionStarted':
        this.#within(name, uuid, gap);
        this.#transaction = uuid;
        return;
      case 'TransactionFinished':
        this.#within(name, uuid, gap);
        if (this.#transaction !== uuid && !gap)
          this.violated(`transaction ${uuid} finished, ${String(this.#transaction)} is open`);
        this.#transaction = undefined;
        // The session of a process that was killed ends with its transaction.
        if (this.#resumed === uuid) this.#session = undefined;
        return;
      default:
        this.#within(name, uuid, gap);
        if (CHARGING.has(name) && this.#transaction === undefined && !gap)
          this.violated(`${name} of ${uuid} without a transaction`);
    }
  }

  #within(name: Name, uuid: string, gap: boolean): void {
    if (this.#session !== uuid && !gap)
      this.violated(`${name} of ${uuid} outside its session; ${String(this.#session)} is open`);
    this.#session = uuid;
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Entry } from '@carabiner/testkit';

/** After a stop by message the EV has 20 s to end the charge loop; then power is taken away. */
const STOP_BOUND_MS = 20_250;
const ENTRY_EVENTS = new Set(['PrepareCharging', 'ChargingStarted', 'ChargingPausedEV', 'StoppingCharging']);

interface SessionEvent {
  event: string;
  uuid: string;
  charging_paused_evse?: { reasons: string[] };
}

/** Reads the journal of a run and finds everything that must never happen. */
export class InvariantChecker {
  readonly violations: string[] = [];
  #inoperative = false;
  #permitted = false;
  #relaysClosed = false;
  #supply: 'Off' | 'Export' | 'Import' = 'Off';
  #stoppedAt: number | undefined;
  #session: string | undefined;
  #transaction: string | undefined;
  #meter: string | undefined;
  #stored = '';
  #lastEntry = '';
  #finished = 0;
  #started = 0;
  #errors = new Set<string>();

  /** Checks all entries. */
  check(entries: readonly Entry[]): string[] {
    for (const entry of entries) this.#entry(entry);
    return this.violations;
  }

  #fail(at: number, text: string): void {
    this.violations.push(`${at} ms: ${text}`);
  }

  #entry(entry: Entry): void {
    if (this.#stoppedAt !== undefined && entry.at - this.#stoppedAt > STOP_BOUND_MS) {
      this.#fail(entry.at, 'power supply still on long after the stop');
      this.#stoppedAt = undefined;
    }
    switch (entry.kind) {
      case 'raised':
        this.#raised(entry.at, entry.error.type);
        break;
      case 'cleared':
        this.#errors.delete(entry.error.type + entry.error.sub_type);
        if (entry.error.type.endsWith('/Inoperative')) this.#inoperative = false;
        break;
      case 'called':
        this.#called(entry.at, entry.requirement, entry.command, entry.args as Record<string, unknown>);
        break;
      case 'published':
        if (entry.variable === 'session_event') this.#event(entry.at, entry.value as SessionEvent);
        break;
      case 'peer-published':
        this.#peer(entry.at, entry.requirement, entry.variable, entry.value);
        break;
      case 'peer-answered':
        this.#answered(entry.command, entry.value);
        break;
      default:
        break;
    }
  }

  #raised(at: number, type: string): void {
    if (!type.endsWith('/Inoperative')) return;
    if (this.#inoperative) this.#fail(at, 'Inoperative raised twice');
    this.#inoperative = true;
    this.#mustBeOffAt = at;
  }

  #mustBeOffAt: number | undefined;

  #called(at: number, peer: string, command: string, args: Record<string, unknown>): void {
    if (this.#mustBeOffAt !== undefined && at > this.#mustBeOffAt) {
      if (this.#supply !== 'Off' || this.#permitted)
        this.#fail(at, 'power not taken away at once after an error, or when the relays opened');
      this.#mustBeOffAt = undefined;
    }
    if (command === 'allow_power_on')
      this.#permission(at, (args.value as { allow_power_on: boolean }).allow_power_on);
    if (peer === 'powersupply_DC' && command === 'setMode') this.#mode(at, args.mode as 'Off');
    if (command === 'start_transaction') {
      if (this.#meter !== undefined) this.#fail(at, 'meter started twice');
      this.#meter = (args.value as { transaction_id: string }).transaction_id;
    }
    if (command === 'stop_transaction' && args.transaction_id !== '') {
      if (this.#meter !== args.transaction_id) this.#fail(at, 'meter stopped without a start, or twice');
      if (this.#relaysClosed) this.#fail(at, 'meter stopped with relays closed');
      this.#meter = undefined;
    }
    if (peer === 'store' && command === 'store') this.#stored = args.value as string;
  }

  #permission(at: number, on: boolean): void {
    this.#permitted = on;
    if (!on) return;
    if (this.#inoperative) this.#fail(at, 'relays permitted while inoperative');
    if (this.#transaction === undefined) this.#fail(at, 'relays permitted without a transaction');
  }

  #mode(at: number, mode: 'Off' | 'Export' | 'Import'): void {
    this.#supply = mode;
    if (mode === 'Off') {
      this.#stoppedAt = undefined;
      return;
    }
    if (this.#inoperative) this.#fail(at, 'power requested while inoperative');
    if (this.#transaction === undefined) this.#fail(at, 'power requested without a transaction');
  }

  #peer(at: number, requirement: string, variable: string, value: unknown): void {
    if (requirement !== 'bsp' || variable !== 'event') return;
    const { event } = value as { event: string };
    if (event === 'PowerOn') this.#relaysClosed = true;
    if (event !== 'PowerOff') return;
    this.#relaysClosed = false;
    if (this.#supply !== 'Off') this.#mustBeOffAt = at;
  }

  #answered(command: string, value: unknown): void {
    const failed = command === 'start_transaction' && (value as { status: string }).status !== 'OK';
    if (failed) this.#meter = undefined;
  }

  #event(at: number, event: SessionEvent): void {
    this.#sessionGrammar(at, event);
    if (event.event === 'StoppingCharging' && this.#supply !== 'Off') this.#stoppedAt = at;
    if (event.event === 'ChargingPausedEVSE' && (event.charging_paused_evse?.reasons.length ?? 0) === 0) {
      this.#fail(at, 'pause without a reason');
    }
    if (event.event === 'ChargingStarted' && this.#lastEntry === 'ChargingStarted') {
      this.#fail(at, 'ChargingStarted twice');
    }
    if (ENTRY_EVENTS.has(event.event) || event.event === 'ChargingPausedEVSE') {
      this.#lastEntry = event.event;
      if (this.#transaction === undefined) this.#fail(at, `${event.event} without a transaction`);
    }
  }

  #sessionGrammar(at: number, { event, uuid }: SessionEvent): void {
    switch (event) {
      case 'SessionStarted':
        if (this.#session !== undefined) this.#fail(at, 'session started within a session');
        this.#session = uuid;
        break;
      case 'SessionFinished':
        if (this.#session !== uuid)
          this.#fail(at, `session ${uuid} finished, ${String(this.#session)} is open`);
        if (this.#transaction !== undefined) this.#fail(at, 'session finished before its transaction');
        this.#session = undefined;
        break;
      case 'TransactionStarted':
        this.#started += 1;
        if (this.#transaction !== undefined) this.#fail(at, 'transaction started within a transaction');
        if (this.#session !== uuid) this.#fail(at, 'transaction outside its session');
        if (this.#stored !== uuid) this.#fail(at, 'transaction announced before it was stored');
        this.#transaction = uuid;
        this.#lastEntry = '';
        break;
      case 'TransactionFinished':
        this.#finished += 1;
        if (this.#transaction !== uuid) this.#fail(at, 'transaction finished that was not started, or twice');
        if (this.#relaysClosed) this.#fail(at, 'transaction finished with relays closed');
        if (this.#supply !== 'Off') this.#fail(at, 'transaction finished with the power supply on');
        this.#transaction = undefined;
        break;
      case 'Enabled':
      case 'ReservationStart':
      case 'ReservationEnd':
      case 'Disabled':
        break;
      default:
        if (uuid !== this.#session) this.#fail(at, `${event} outside its session`);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Output } from '@carabiner/interfaces/types/dc_power_output';
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import type { ChaosReport } from './chaos-report.js';
import type { Disturbances } from './disturbances.js';
import { STRANGER } from './malformed.js';
import type { Sighting } from './observer.js';
import { PowerInvariant } from './power.js';
import { ProcessInvariant } from './processes.js';
import { SessionInvariant } from './sessions.js';
import { TransactionInvariant } from './transactions.js';

/** Holds what was seen against everything that has to be true throughout. */
export class Witness {
  readonly transactions: TransactionInvariant;
  readonly sessions: SessionInvariant;
  readonly power: PowerInvariant;
  readonly processes: ProcessInvariant;
  readonly events: SessionEvent[] = [];
  readonly #errors = new Set<string>();
  /** Told of every session event. */
  onEvent: (event: SessionEvent) => void = () => undefined;

  constructor(
    disturbances: Disturbances,
    supervised: boolean,
    private readonly report: ChaosReport,
  ) {
    const violated = (what: string): void => {
      report.violated(what);
    };
    this.transactions = new TransactionInvariant(disturbances, violated);
    this.sessions = new SessionInvariant(disturbances, violated);
    this.power = new PowerInvariant(disturbances, supervised, violated);
    this.processes = new ProcessInvariant(disturbances, violated);
  }

  /** Errors that are active, by module, type and sub type. */
  get activeErrors(): readonly string[] {
    return [...this.#errors];
  }

  get summary(): string {
    const { sessions, transactions, power, processes } = this;
    return [sessions, transactions, power, processes].map(({ summary }) => summary).join(', ');
  }

  // What modules publish was validated against its interface before it was sent.
  saw({ atMs, meaning, message }: Sighting): void {
    if (meaning.kind === 'result') {
      const answered = message.type === 'CmdResult' && message.outcome.ok;
      if (meaning.caller === STRANGER && answered)
        this.report.violated(
          `${meaning.module} carried out ${meaning.command} for a module that nobody knows`,
        );
      return;
    }
    if (meaning.kind === 'error' && message.type === 'Error') {
      const { type, sub_type, state } = message.error;
      this.#errors[state === 'Active' ? 'add' : 'delete'](`${meaning.module} ${type} ${sub_type}`);
      // Its causes are told as well.
      if (type === 'evse_manager/Inoperative') return;
      this.report.happened(`${meaning.module} ${state} ${type} ${sub_type} ${message.error.message}`);
      return;
    }
    if (meaning.kind !== 'variable' || message.type !== 'Var') return;
    const key = `${meaning.module} ${meaning.variable}`;
    switch (key) {
      case 'evse_1 session_event':
        this.#session(message.value as SessionEvent, atMs);
        break;
      case 'evse_1 powermeter_public_key_ocmf':
        this.transactions.publicKey(message.value as string);
        break;
      case 'bench_1 output':
        this.power.output(message.value as Output);
        break;
      case 'power_unit output':
        this.power.unit(message.value as Output);
        break;
      default:
    }
  }

  module(moduleId: string, state: string, reason: string | undefined): void {
    this.report.happened(`${moduleId} is ${state} ${reason ?? ''}`);
    this.processes.module(moduleId, state, reason);
    if (state === 'failed') this.power.restarted(moduleId);
  }

  look(): void {
    this.power.look();
    this.processes.look();
  }

  #session(event: SessionEvent, atMs: number): void {
    const detail = event.transaction_finished?.reason ?? event.charging_paused_evse?.reasons.join() ?? '';
    this.report.happened(`evse_1 ${event.event} ${event.uuid.slice(0, 8)} ${detail}`);
    this.events.push(event);
    this.transactions.event(event, atMs);
    this.sessions.event(event, atMs);
    this.power.event(event);
    this.onEvent(event);
  }
}

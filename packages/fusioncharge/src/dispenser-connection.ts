// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock, type Timer } from '@carabiner/clock';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { FusionChargeError } from './errors.js';
import { AnswerBuffer } from './answer-buffer.js';
import { AduReader, encodeAdu } from './mbap.js';
import type { RegisterBank } from './register-bank.js';
import { connectorRegisters } from './registers.js';
import { collectReport } from './report-collector.js';
import { ReportSchedule } from './report-schedule.js';
import { encodeReport } from './report.js';
import { closeSocket } from './socket-closing.js';

/** Unit id in messages that the dispenser begins. */
const REPORT_UNIT_ID = 0x00;

/** How a {@link DispenserConnection} works. */
export interface DispenserConnectionOptions {
  readonly clock?: Clock;
  /** The connection is given up when no whole message came for so long, ms. Default 60000. */
  readonly silenceTimeoutMs?: number;
  /** Time between unsolicited reports, ms. Default 1000. */
  readonly reportPeriodMs?: number;
}

/** What a {@link DispenserConnection} tells. */
export interface DispenserConnectionEvents {
  /** The connection is gone: why, or nothing when {@link DispenserConnection.close} was called. Told once. */
  close: [reason: FusionChargeError | undefined];
}

/**
 * The dispenser's end of a connection with a power unit: serves its registers and reports on its own account.
 */
export class DispenserConnection extends EventEmitter<DispenserConnectionEvents> {
  readonly #socket: Socket;
  readonly #bank: RegisterBank;
  readonly #clock: Clock;
  readonly #silenceTimeoutMs: number;
  readonly #schedule: ReportSchedule;
  readonly #events = new Map<number, number>();
  #watchdog: Timer | undefined;
  /** Time of the last message; the watchdog looks at it instead of being started anew for each message. */
  #heardAt: number;
  #transactionId = 0;
  #serving = false;
  #reportDue = false;
  #open = true;

  /** @param socket - connected, see `openDispenserSocket` */
  constructor(socket: Socket, bank: RegisterBank, options: DispenserConnectionOptions = {}) {
    super();
    this.#socket = socket;
    this.#bank = bank;
    this.#clock = options.clock ?? systemClock;
    this.#silenceTimeoutMs = options.silenceTimeoutMs ?? 60_000;
    this.#heardAt = this.#clock.monotonic();
    this.#watch(this.#silenceTimeoutMs);
    this.#schedule = new ReportSchedule(this.#clock, options.reportPeriodMs ?? 1000, () => this.#report());

    const answers = new AnswerBuffer(bank);
    const reader = new AduReader((adu) => {
      this.#heardAt = this.#clock.monotonic();
      answers.serve(adu);
    });
    socket.on('data', (chunk: Buffer) => {
      this.#serving = true;
      reader.push(chunk);
      this.#serving = false;
      // A peer that sends but does not read is not read from either, else its answers would pile up here.
      const due = answers.take();
      if (due.length > 0 && this.#open && !socket.write(due)) {
        socket.pause();
        socket.once('drain', () => socket.resume());
      }
      if (this.#reportDue) {
        this.#reportDue = false;
        this.#schedule.trigger();
      }
    });
    socket.on('error', (error) =>
      this.#fail(
        new FusionChargeError('FUSIONCHARGE_CLOSED', `the connection broke: ${error.message}`, {
          cause: error,
        }),
      ),
    );
    socket.on('close', () =>
      this.#fail(new FusionChargeError('FUSIONCHARGE_CLOSED', 'the power unit closed the connection')),
    );
  }

  /** False once the connection has failed or was closed. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Sends a report at once (after the first second); one that is asked for while a request is served follows its answer. */
  reportNow(): void {
    if (this.#serving) this.#reportDue = true;
    else this.#schedule.trigger();
  }

  /** Sets the charging event of a connector; it is part of the next report and of that one only. */
  chargingEvent(connector: number, event: number): void {
    this.#bank.set(connectorRegisters.chargingEvent, event, connector);
    this.#events.set(connector, event);
  }

  /** Ends the connection in the ordinary way, with FIN. */
  close(): void {
    this.#fail(undefined);
  }

  #report(): void {
    if (!this.#open) return;
    const pdu = encodeReport(collectReport(this.#bank, this.#events));
    this.#events.clear();
    this.#socket.write(encodeAdu(this.#transactionId, REPORT_UNIT_ID, pdu));
    this.#transactionId = (this.#transactionId + 1) & 0xffff;
  }

  #watch(delayMs: number): void {
    this.#watchdog = this.#clock.setTimeout(() => {
      const leftMs = this.#heardAt + this.#silenceTimeoutMs - this.#clock.monotonic();
      if (leftMs > 0) this.#watch(leftMs);
      else
        this.#fail(
          new FusionChargeError(
            'FUSIONCHARGE_TIMEOUT',
            `the power unit was silent for ${this.#silenceTimeoutMs} ms`,
          ),
        );
    }, delayMs);
  }

  #fail(reason: FusionChargeError | undefined): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watchdog?.cancel();
    this.#schedule.stop();
    closeSocket(this.#socket, this.#clock);
    this.emit('close', reason);
  }
}

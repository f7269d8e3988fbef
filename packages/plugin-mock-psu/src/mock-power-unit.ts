// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock } from '@carabiner/clock';
import {
  PowerUnitServer,
  type PeerName,
  type PowerUnitConnection,
  type TlsCredentials,
} from '@carabiner/fusioncharge';
import type { EthernetLink, Rejection, SourceStatistics } from '@carabiner/goose';
import { EventEmitter } from 'node:events';
import type { OutputDynamics } from './device/dc-output.js';
import { PowerUnit, type PortRatings } from './device/power-unit.js';
import type { Fault } from './faults/fault-catalogue.js';
import { FaultSet } from './faults/fault-set.js';
import { SILENT_LOG, type MockLog } from './mock-log.js';
import { AcInput } from './protocol/ac-input.js';
import { DispenserSession } from './protocol/dispenser-session.js';
import { PowerRequestService, type DispenserMessage } from './protocol/power-request-service.js';
import { SessionKeys, type KeyPolicy } from './protocol/session-keys.js';

/** How a {@link MockPowerUnit} works. Defaults are those of the reference simulation. */
export interface MockPowerUnitOptions {
  /** Where GOOSE frames travel; stays the caller's to close. */
  readonly link: EthernetLink;
  readonly clock?: Clock;
  /** TCP port; 0 takes a free one. Default 8502. */
  readonly port?: number;
  /** Address to listen on. Default every IPv4 address. */
  readonly host?: string;
  /** Mutual TLS: dispensers must present a certificate of the CA, with one of the names unless that is `false`. */
  readonly tls?: { readonly credentials: TlsCredentials; readonly peerNames: PeerName | readonly string[] };
  /** Default `constant`. */
  readonly keyPolicy?: KeyPolicy;
  /** Default true. */
  readonly signReplies?: boolean;
  /** Whether requests must be signed rightly; otherwise plain ones count as well. Default true. */
  readonly verifyRequests?: boolean;
  /** Pause before a reply to a placeholder request, ms. Default 3. */
  readonly replyDelayMs?: number;
  /** Pause between rounds of Modbus requests, ms. Default 5000. */
  readonly periodMs?: number;
  /** Rounds without ratings and availability of the ports at the beginning. Default 2. */
  readonly roundsWithoutRatings?: number;
  readonly ratings?: PortRatings;
  readonly dynamics?: OutputDynamics;
  /** Source of the noise on the mains voltage. Default Math.random. */
  readonly random?: () => number;
  readonly log?: MockLog;
}

/** What a {@link MockPowerUnit} tells. */
export interface MockPowerUnitEvents {
  /** A power or stop request passed the checks; repetitions too. The outputs already follow it. */
  request: [message: DispenserMessage];
  /** The number of connected dispensers changed. */
  dispensers: [count: number];
  /** A GOOSE frame was refused. */
  rejected: [rejection: Rejection];
  /** Faults were switched on or off. */
  faults: [active: readonly Fault[]];
}

const DEFAULT_PORT = 8502;
const DEFAULT_PERIOD_MS = 5000;
const DEFAULT_REPLY_DELAY_MS = 3;
const DEFAULT_ROUNDS_WITHOUT_RATINGS = 2;

/** A FusionCharge power unit that is not there: both protocols, outputs with a load, and faults on demand. */
export class MockPowerUnit extends EventEmitter<MockPowerUnitEvents> {
  /** The outputs. */
  readonly unit: PowerUnit;
  readonly faults: FaultSet;
  readonly #server: PowerUnitServer;
  readonly #requests: PowerRequestService;
  readonly #sessions = new Set<Promise<void>>();

  private constructor(
    options: MockPowerUnitOptions,
    clock: Clock,
    faults: FaultSet,
    unit: PowerUnit,
    listen: (serve: (connection: PowerUnitConnection) => void) => PowerUnitServer,
  ) {
    super();
    const log = options.log ?? SILENT_LOG;
    const keys = new SessionKeys(options.keyPolicy ?? 'constant');
    this.faults = faults;
    this.unit = unit;
    this.#requests = new PowerRequestService({
      clock,
      link: options.link,
      faults,
      keys,
      signReplies: options.signReplies ?? true,
      verifyRequests: options.verifyRequests ?? true,
      replyDelayMs: options.replyDelayMs ?? DEFAULT_REPLY_DELAY_MS,
      onMessage: (message) => {
        unit.apply(message);
        this.emit('request', message);
      },
      onExpired: (connector) => {
        if (unit.state(connector).enabled)
          log.warn('connector is silent, its output is switched off', { connector });
        unit.release(connector);
      },
      onRejected: (rejection) => {
        this.emit('rejected', rejection);
      },
    });
    const session = {
      clock,
      unit,
      faults,
      keys,
      log,
      ac: new AcInput(options.random ?? Math.random),
      link: options.link,
      periodMs: options.periodMs ?? DEFAULT_PERIOD_MS,
      capabilitiesFromRound: options.roundsWithoutRatings ?? DEFAULT_ROUNDS_WITHOUT_RATINGS,
      onKeyIssued: (connector: number) => this.#requests.keyChanged(connector),
    };
    this.#server = listen((connection) => {
      this.#requests.dispenserConnected();
      const run = new DispenserSession(connection, session).run();
      this.#sessions.add(run);
      this.emit('dispensers', this.#sessions.size);
      void run.then(() => {
        this.#sessions.delete(run);
        this.emit('dispensers', this.#sessions.size);
      });
    });
    faults.onChange((active) => this.#onFaults(active));
  }

  /**
   * Starts to listen.
   *
   * @throws FusionChargeError `FUSIONCHARGE_CONNECT` when the port cannot be opened
   */
  static async start(options: MockPowerUnitOptions): Promise<MockPowerUnit> {
    const clock = options.clock ?? systemClock;
    const log = options.log ?? SILENT_LOG;
    const faults = new FaultSet(clock);
    const unit = new PowerUnit(clock, faults, options.ratings, options.dynamics);
    let serve: (connection: PowerUnitConnection) => void = () => undefined;
    const server = await PowerUnitServer.listen({
      clock,
      port: options.port ?? DEFAULT_PORT,
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      admit: () => faults.find('drop_connection') === undefined && faults.find('tls_refuse') === undefined,
      onConnection: (connection) => serve(connection),
      onRefused: (error) => log.warn('dispenser refused', { reason: error.message }),
    });
    return new MockPowerUnit(options, clock, faults, unit, (take) => {
      serve = take;
      return server;
    });
  }

  /** The TCP port. */
  get port(): number {
    return this.#server.port;
  }

  /** Dispensers that are connected now. */
  get dispensers(): number {
    return this.#sessions.size;
  }

  /** Counters of received GOOSE frames by source address. */
  get statistics(): ReadonlyMap<string, SourceStatistics> {
    return this.#requests.statistics;
  }

  /** Ends every connection and stops listening. The link stays open. */
  async close(): Promise<void> {
    this.faults.dispose();
    this.#requests.close();
    await this.#server.close();
    await Promise.all(this.#sessions);
  }

  #onFaults(active: readonly Fault[]): void {
    this.unit.applyFaults();
    const cut = active.filter(({ name }) => name === 'drop_connection' || name === 'tls_refuse');
    if (cut.length > 0) for (const connection of this.#server.connections) connection.destroy();
    // Without a duration a cut is a moment, not a state.
    const moment = cut.find(({ name, durationS }) => name === 'drop_connection' && durationS === undefined);
    if (moment !== undefined) this.faults.remove(moment);
    this.emit('faults', this.faults.active);
  }
}

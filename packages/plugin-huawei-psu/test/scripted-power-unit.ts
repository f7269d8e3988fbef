// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import {
  addressOf,
  connectorRegisters,
  portRegisters,
  powerUnitRegisters,
  PowerUnitServer,
  RunningMode,
  WorkingStatus,
  type PowerUnitConnection,
  type PowerUnitServerOptions,
  type Register,
} from '@carabiner/fusioncharge';
import {
  decodeFrame,
  encodeFrame,
  GooseKey,
  gooseTime,
  PRIORITY_TAG,
  type EthernetLink,
  type ReceivedGooseFrame,
} from '@carabiner/goose';
import {
  decodePowerMessage,
  encodePowerMessage,
  type PowerMessage,
  type PowerRequest,
} from '@carabiner/goose/fusioncharge';

/** A demand as it came in on the wire. */
export interface Heard {
  readonly message: PowerMessage;
  readonly frame: ReceivedGooseFrame;
  /** Signed with the key that the connector has now. */
  readonly verified: boolean;
}

/** How a scripted power unit behaves; a test may change every member while it runs. */
export interface Script {
  /** Writes the values a dispenser needs as soon as it connects. */
  announce: boolean;
  writeKeys: boolean;
  answer: 'success' | 'failure' | 'none';
  signReplies: boolean;
  /** Limits of every port: V, A, kW. */
  limits: { minVoltage: number; maxVoltage: number; minCurrent: number; maxCurrent: number; power: number };
}

/** The power unit's side of the wire, as small as it can be: true sockets and frames, a script in place of behaviour. */
export class ScriptedPowerUnit {
  readonly script: Script = {
    announce: true,
    writeKeys: true,
    answer: 'success',
    signReplies: true,
    limits: { minVoltage: 100, maxVoltage: 1000, minCurrent: 1, maxCurrent: 100, power: 60 },
  };
  /** Every new demand (repetitions left out), in order. */
  readonly heard: Heard[] = [];
  /** Working status by local connector, each change as it was reported on the present connection. */
  readonly statuses = new Map<number, number[]>();
  /** Every report's segments, in order. */
  readonly reports: ReadonlyMap<number, Buffer>[] = [];
  readonly keys = new Map<number, GooseKey>();
  connection: PowerUnitConnection | undefined;
  connections = 0;
  #server: PowerUnitServer | undefined;
  #lastNumbers = new Map<number, string>();

  constructor(
    private readonly link: EthernetLink,
    private readonly clock: Clock,
    /** Global numbers of local connectors 1, 2, … */
    private readonly globalNumbers: readonly number[],
  ) {
    link.onFrame((bytes) => this.#hear(bytes));
  }

  async listen(options: Partial<PowerUnitServerOptions> = {}): Promise<number> {
    this.#server = await PowerUnitServer.listen({
      port: 0,
      host: '127.0.0.1',
      clock: this.clock,
      ...options,
      onConnection: (connection) => void this.#serve(connection),
    });
    return this.#server.port;
  }

  /** Own Ethernet address. */
  get mac(): Buffer {
    return this.link.mac.bytes;
  }

  /** TCP port that is listened on. */
  get port(): number {
    return this.#server?.port ?? 0;
  }

  async close(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  /** The last demand of a connector by its local number. */
  last(connector = 1): PowerMessage | undefined {
    return this.demands(connector).at(-1);
  }

  /** All demands of a connector by its local number. */
  demands(connector = 1): PowerMessage[] {
    const number = this.globalNumbers[connector - 1];
    return this.heard.map(({ message }) => message).filter((message) => message.connector === number);
  }

  /** The last reported value of a register. */
  reported(register: Register<number>, connector = 1): number | undefined {
    const data = this.reports.at(-1)?.get(addressOf(register, connector));
    return data && register.type.decode(data);
  }

  async writeLimits(connector: number): Promise<void> {
    const { minVoltage, maxVoltage, minCurrent, maxCurrent, power } = this.script.limits;
    await this.connection?.write(portRegisters.maxCurrent, maxCurrent, connector);
    await this.connection?.write(portRegisters.minCurrent, minCurrent, connector);
    await this.connection?.write(portRegisters.maxVoltage, maxVoltage, connector);
    await this.connection?.write(portRegisters.minVoltage, minVoltage, connector);
    await this.connection?.write(portRegisters.ratedPower, power, connector);
    await this.connection?.write(portRegisters.available, 1, connector);
  }

  async writeKey(connector: number, key = GooseKey.random()): Promise<void> {
    const number = this.globalNumbers[connector - 1] ?? 0;
    this.keys.set(number, key);
    await this.connection?.write(portRegisters.hmacKey, key.reveal(), connector);
  }

  async announce(): Promise<void> {
    await this.connection?.write(powerUnitRegisters.runningMode, RunningMode.RUNNING);
    await this.connection?.write(powerUnitRegisters.psuMac, this.link.mac.bytes);
    for (const connector of this.globalNumbers.keys()) await this.writeLimits(connector + 1);
  }

  /** Puts a frame on the wire. */
  send(frame: Buffer): void {
    this.link.send(frame);
  }

  /** The frame that answers a request. */
  replyTo(request: PowerRequest, to: ReceivedGooseFrame, success: boolean): Buffer {
    const { data, appId, gocbRef } = encodePowerMessage({ ...request, kind: 'reply', success });
    return encodeFrame(
      {
        destination: to.source,
        source: this.link.mac,
        vlan: PRIORITY_TAG,
        appId,
        pdu: {
          gocbRef,
          datSet: gocbRef,
          goID: gocbRef,
          timeAllowedToLive: 10_000,
          t: gooseTime(this.clock.now()),
          stNum: 0,
          sqNum: 0,
          simulation: false,
          confRev: 1,
          ndsCom: false,
          allData: data,
        },
      },
      this.script.signReplies ? this.keys.get(request.connector) : undefined,
    );
  }

  async #serve(connection: PowerUnitConnection): Promise<void> {
    this.connection = connection;
    this.connections += 1;
    this.statuses.clear();
    connection.on('close', () => {
      if (this.connection === connection) this.connection = undefined;
    });
    connection.on('report', (report) => {
      const segments = new Map<number, Buffer>();
      for (const { address, data } of report.devices[0]?.segments ?? [])
        for (let index = 0; index < data.length / 2; index++)
          segments.set(address + index, data.subarray(2 * index, 2 * index + 2));
      this.reports.push(segments);
      for (const connector of this.globalNumbers.keys()) this.#onStatus(connector + 1);
    });
    if (this.script.announce) await this.announce().catch(() => undefined);
  }

  #onStatus(connector: number): void {
    const status = this.reported(connectorRegisters.workingStatus, connector) ?? -1;
    const statuses = this.statuses.get(connector) ?? [];
    this.statuses.set(connector, statuses);
    if (statuses.at(-1) === status) return;
    statuses.push(status);
    if (status === WorkingStatus.STANDBY_WITH_CONNECTOR_INSERTED && this.script.writeKeys)
      this.writeKey(connector).catch(() => undefined);
  }

  #hear(bytes: Buffer): void {
    const frame = decodeFrame(bytes);
    const message = decodePowerMessage(frame.pdu);
    if (message === undefined || message.kind === 'reply') return;
    const key = this.keys.get(message.connector);
    const verified = key !== undefined && frame.verify(key);
    const numbers = `${frame.pdu.stNum}`;
    if (this.#lastNumbers.get(message.connector) !== numbers) this.heard.push({ message, frame, verified });
    this.#lastNumbers.set(message.connector, numbers);
    const answered = message.kind === 'request' && message.requirement === 1 && this.script.answer !== 'none';
    if (!answered || (frame.secure && !verified)) return;
    this.link.send(this.replyTo(message, frame, this.script.answer === 'success'));
  }
}

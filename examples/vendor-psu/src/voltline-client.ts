// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { withTimeout, type Clock } from '@carabiner/clock';

/** What the unit says of itself. */
export interface Identity {
  readonly serial: string;
  readonly maxVoltage_V: number;
  readonly minVoltage_V: number;
  readonly maxCurrent_A: number;
  readonly maxPower_W: number;
}

/** What the unit measures. */
export interface Measurement {
  readonly voltage_V: number;
  readonly current_A: number;
  /** `OK`, or the name of an alarm. */
  readonly state: string;
}

const ANSWER_TIMEOUT_MS = 1_000;

/**
 * A connection to a VL-60. The unit takes one line at a time and answers each with one line:
 * `ID?`, `MEAS?`, `SET V=400 I=20`, `ON`, `OFF`.
 */
export class VoltlineClient {
  #waiting: Promise<unknown> = Promise.resolve();
  #rest = '';
  #onLine: (line: string) => void = () => undefined;
  #onClose: (error: Error) => void = () => undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
  ) {
    socket.setEncoding('ascii').setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk.toString()));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#onClose(new Error('the unit closed the connection')));
  }

  /** @throws Error when the unit does not take the connection */
  static async connect(
    host: string,
    port: number,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<VoltlineClient> {
    const socket = connect({ host, port, signal });
    await once(socket, 'connect');
    return new VoltlineClient(socket, clock);
  }

  async identify(): Promise<Identity> {
    const { SN = '', VMAX, VMIN, IMAX, PMAX } = fields(await this.#ask('ID?'));
    return {
      serial: SN,
      maxVoltage_V: Number(VMAX),
      minVoltage_V: Number(VMIN),
      maxCurrent_A: Number(IMAX),
      maxPower_W: Number(PMAX),
    };
  }

  async measure(): Promise<Measurement> {
    const { V, I, S = 'OK' } = fields(await this.#ask('MEAS?'));
    return { voltage_V: Number(V), current_A: Number(I), state: S };
  }

  async set(voltage_V: number, current_A: number): Promise<void> {
    await this.#ask(`SET V=${voltage_V.toFixed(1)} I=${current_A.toFixed(1)}`);
  }

  async switch(on: boolean): Promise<void> {
    await this.#ask(on ? 'ON' : 'OFF');
  }

  close(): void {
    this.socket.destroy();
  }

  /** Requests wait for each other, since answers carry no number. */
  async #ask(line: string): Promise<string> {
    const turn = this.#waiting.then(async () => await this.#exchange(line));
    this.#waiting = turn.catch(() => undefined);
    return await turn;
  }

  async #exchange(line: string): Promise<string> {
    if (this.socket.destroyed) throw new Error('the connection to the unit is closed');
    this.socket.write(`${line}\n`);
    const answer = await withTimeout(
      this.clock,
      this.#nextLine(),
      ANSWER_TIMEOUT_MS,
      `the answer to ${line}`,
    );
    if (answer.startsWith('ERR')) throw new Error(`the unit answered ${line} with ${answer}`);
    return answer;
  }

  async #nextLine(): Promise<string> {
    return await new Promise<string>((resolve, reject) => {
      this.#onLine = resolve;
      this.#onClose = reject;
    });
  }

  #receive(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line.trim());
  }
}

/** Reads `V=400.0 I=20.0 S=OK`. */
function fields(answer: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...answer.matchAll(/(\w+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value]),
  );
}

// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server, type Socket } from 'node:net';
import { systemClock, type Clock } from '@carabiner/clock';

const RAMP_MS = 150;

/** A VL-60 that exists in software only, behind its real protocol. */
export class VoltlineSimulator {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #point = { on: false, voltage_V: 0, current_A: 0 };
  #reachable = true;
  #switchedMs = Number.NEGATIVE_INFINITY;
  /** What is connected to the output, Ohm. */
  load_Ohm = Number.POSITIVE_INFINITY;
  /** Name of an active alarm, for example `OVT`. */
  alarm: string | undefined;

  private constructor(private readonly clock: Clock) {
    this.#server = createServer((socket) => {
      this.#accept(socket);
    });
  }

  /** @param port - 0 for a free one */
  static async start(port = 0, clock = systemClock): Promise<VoltlineSimulator> {
    const simulator = new VoltlineSimulator(clock);
    await new Promise<void>((resolve, reject) => {
      simulator.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return simulator;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** What the unit was last told. */
  get setPoint(): { readonly on: boolean; readonly voltage_V: number; readonly current_A: number } {
    return this.#point;
  }

  /** Voltage and current at this moment: constant voltage until the current limit is reached. */
  get output(): { readonly voltage_V: number; readonly current_A: number } {
    const { on, voltage_V, current_A } = this.#point;
    // After it was switched off the output falls within a moment.
    const share = on ? 1 : Math.max(0, 1 - (this.clock.monotonic() - this.#switchedMs) / RAMP_MS);
    const current = Math.min(current_A, voltage_V / this.load_Ohm) * share;
    const voltage = this.load_Ohm === Number.POSITIVE_INFINITY ? voltage_V * share : current * this.load_Ohm;
    return { voltage_V: voltage, current_A: current };
  }

  /** Cuts the network cable, or plugs it in again. */
  set reachable(reachable: boolean) {
    this.#reachable = reachable;
    if (!reachable) for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.reachable = false;
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket): void {
    if (!this.#reachable) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let rest = '';
    socket.setEncoding('ascii').on('data', (chunk) => {
      const lines = `${rest}${chunk.toString()}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) socket.write(`${this.#answer(line.trim())}\n`);
    });
  }

  #answer(line: string): string {
    const set = /^SET V=([\d.]+) I=([\d.]+)$/.exec(line);
    if (set !== null) {
      this.#point = { ...this.#point, voltage_V: Number(set[1]), current_A: Number(set[2]) };
      return 'OK';
    }
    switch (line) {
      case 'ID?':
        return 'VL60 SN=4711 VMAX=1000 VMIN=150 IMAX=100 PMAX=60000';
      case 'MEAS?': {
        const { voltage_V, current_A } = this.output;
        return `V=${voltage_V.toFixed(1)} I=${current_A.toFixed(2)} S=${this.alarm ?? 'OK'}`;
      }
      case 'ON':
      case 'OFF':
        if (this.#point.on !== (line === 'ON')) this.#switchedMs = this.clock.monotonic();
        this.#point = { ...this.#point, on: line === 'ON' };
        return 'OK';
      default:
        return 'ERR unknown command';
    }
  }
}

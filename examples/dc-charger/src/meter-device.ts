// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { removeAtExit } from './leftovers.js';
import { freePort } from './placement.js';

/** Where a simulated meter of another process is. */
export interface MeterAddress {
  /** Port of its REST gateway. */
  readonly port: number;
  /** Port for steering it. */
  readonly controlPort: number;
}

/**
 * Tells a simulated meter something over its control port.
 *
 * @throws Error when it does not take it
 */
export async function steerMeter(
  controlPort: number,
  method: string,
  path: string,
  body: object = {},
): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${controlPort}${path}`, {
    method,
    ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
  return text;
}

/** A simulated meter in a process of its own: a device that keeps its registers when the charger loses its power. */
export class MeterDevice {
  readonly #removed = removeAtExit(() => this.process.kill('SIGKILL'));

  private constructor(
    private readonly process: ChildProcess,
    readonly address: MeterAddress,
  ) {}

  /** @param keyFile - PEM file of the signing key; made when it is not there */
  static async start(keyFile: string): Promise<MeterDevice> {
    const address = { port: await freePort(), controlPort: await freePort() };
    const root = dirname(createRequire(import.meta.url).resolve('@carabiner/plugin-simulator/package.json'));
    const child = spawn(
      process.execPath,
      [
        join(root, 'bin', 'iem-dcr-simulator.js'),
        ...['--port', String(address.port), '--control-port', String(address.controlPort)],
        ...['--key', keyFile, '--quiet'],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the simulated meter ended with ${String(code)}`)));
      child.stdout.on('data', (text: Buffer) => {
        if (text.includes('control on')) resolve();
      });
    });
    return new MeterDevice(child, address);
  }

  /** Lets current flow through the meter, or stops it. */
  async setOutput(voltageV: number, currentA: number): Promise<void> {
    await steerMeter(this.address.controlPort, 'POST', '/output', {
      voltage_V: voltageV,
      current_A: currentA,
    });
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.process.removeAllListeners('exit');
      this.process.once('exit', () => {
        this.#removed();
        resolve();
      });
      this.process.kill('SIGTERM');
    });
  }
}

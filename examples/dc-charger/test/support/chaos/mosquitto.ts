// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../dist/placement.js';

export const HAS_MOSQUITTO = spawnSync('mosquitto', ['-h']).error === undefined;

/** A broker that can be killed and comes back on the same port. */
export class Mosquitto {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dc-charger-chaos-broker-'));
  #child: ChildProcess | undefined;

  private constructor(readonly port: number) {}

  static async start(): Promise<Mosquitto> {
    const broker = new Mosquitto(await freePort());
    await broker.start();
    return broker;
  }

  /** @throws Error when it ends before it listens */
  async start(): Promise<void> {
    const file = join(this.#folder, 'mosquitto.conf');
    const lines = [`listener ${this.port} 127.0.0.1`, 'allow_anonymous true', 'set_tcp_nodelay true'];
    // Nobody's messages may be dropped only because the machine is slow.
    writeFileSync(file, [...lines, 'persistence false', 'max_queued_messages 0', 'user root', ''].join('\n'));
    const child = spawn('mosquitto', ['-v', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => {
        reject(new Error(`mosquitto ended with ${String(code)}`));
      });
      child.stderr.on('data', (text: Buffer) => {
        if (text.includes('running')) resolve();
      });
    });
    child.removeAllListeners('exit');
    this.#child = child;
  }

  /** As a crash ends it: nothing is said to anybody, and everything in its memory is lost. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    await new Promise<void>((resolve) => {
      child.once('exit', () => {
        resolve();
      });
      child.kill('SIGKILL');
    });
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAtExit } from './leftovers.js';
import { freePort } from './placement.js';

/** A Mosquitto for one run. */
export class Mosquitto {
  readonly #removed = removeAtExit(() => {
    this.child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  });

  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @throws Error when it is not installed or does not start */
  static async start(): Promise<Mosquitto> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'dc-charger-mosquitto-'));
    const file = join(folder, 'mosquitto.conf');
    writeFileSync(
      file,
      `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\npersistence false\n`,
    );
    const child = spawn('mosquitto', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      child.once('error', () => {
        reject(new Error('mosquitto is not installed: apt-get install mosquitto'));
      });
      child.once('exit', (code) => {
        reject(new Error(`mosquitto ended with ${String(code)}`));
      });
      child.stderr.on('data', (text: Buffer) => {
        if (text.includes('running')) resolve();
      });
    });
    return new Mosquitto(port, child, folder);
  }

  async stop(): Promise<void> {
    this.child.removeAllListeners('exit');
    if (this.child.exitCode === null)
      await new Promise<void>((resolve) => {
        this.child.once('exit', () => {
          resolve();
        });
        this.child.kill('SIGTERM');
      });
    rmSync(this.folder, { recursive: true, force: true });
    this.#removed();
  }
}

// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, type ScaledClock } from '@carabiner/clock';
import { createRuntime, type Runtime, type RuntimeEvent, type RuntimeOptions } from '@carabiner/core';
import { openSystem, TIME_VARIABLES, type Manager, type System } from '@carabiner/everest';
import type { Composition } from './composition.js';
import { freePort } from './placement.js';

/** Brokers that the processes of a distributed charger can talk over. */
export const BROKERS = ['embedded', 'mosquitto'] as const;
export type BrokerName = (typeof BROKERS)[number];

/** A charger whose modules are processes of their own. */
export interface DistributedCharger {
  readonly runtime: Runtime;
  readonly manager: Manager;
  /** Ends the broker; after the runtime was stopped. */
  close(): Promise<void>;
}

/** Folder of this example, from which the packages of its modules are found. */
const FOLDER = fileURLToPath(new URL('../', import.meta.url));

/** Makes a charger of which every module is a process of its own; it still has to be started. */
export async function distribute(
  composition: Composition,
  broker: BrokerName,
  clock: ScaledClock,
  epochMs: number,
  log: RuntimeOptions['log'] & object,
  listener: (event: RuntimeEvent) => void,
): Promise<DistributedCharger> {
  const mosquitto = broker === 'mosquitto' ? await Mosquitto.start() : undefined;
  process.env[TIME_VARIABLES.factor] = String(clock.factor);
  process.env[TIME_VARIABLES.epoch] = String(epochMs);
  const data = {
    ...composition.data,
    settings: {
      ...composition.data.settings,
      carabiner: {
        mqtt: {
          broker: mosquitto === undefined ? 'embedded' : { host: '127.0.0.1', port: mosquitto.port },
        },
      },
    },
    active_modules: Object.fromEntries(
      Object.entries(composition.data.active_modules).map(([id, entry]) => [
        id,
        { ...entry, isolation: 'process', restart: { delay_ms: 200 } },
      ]),
    ),
  };
  let system: System | undefined;
  try {
    system = await openSystem({ composition: data, folder: FOLDER, log });
    if (system?.manager === undefined) throw new Error('the composition has no module in another process');
    const { manager } = system;
    const runtime = await createRuntime({
      composition: data,
      folder: FOLDER,
      clock,
      log: system.log,
      remote: system.remote,
    });
    system.attach(runtime);
    const watch = await manager.watch(listener);
    return {
      runtime,
      manager,
      close: async () => {
        watch.unsubscribe();
        await mosquitto?.stop();
      },
    };
  } catch (error) {
    await system?.close();
    await mosquitto?.stop();
    throw error;
  }
}

/** A Mosquitto for one run. */
class Mosquitto {
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
  }
}

/** Wall-clock time from which a scaled clock of several processes counts. */
export function commonEpochMs(): number {
  return systemClock.now();
}

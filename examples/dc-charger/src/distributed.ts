// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { systemClock, type ScaledClock } from '@carabiner/clock';
import { createRuntime, type Runtime, type RuntimeEvent, type RuntimeOptions } from '@carabiner/core';
import { openSystem, TIME_VARIABLES, type Manager, type System } from '@carabiner/everest';
import type { Composition } from './composition.js';
import { Mosquitto } from './mosquitto.js';

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

/** Wall-clock time from which a scaled clock of several processes counts. */
export function commonEpochMs(): number {
  return systemClock.now();
}

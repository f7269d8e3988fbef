// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import { createRuntime, readComposition, CompositionSource, LogBook, type Runtime } from '@carabiner/core';
import { Manager, openSystemBroker, type SystemBroker } from '@carabiner/everest';
import { fileURLToPath } from 'node:url';
import type { TestBroker } from './brokers.js';

/** Folder of the package with the modules Supply and Consumer. */
export const PAIR = fileURLToPath(new URL('../../test/fixtures/packages/pair/', import.meta.url));

/** A composition at work with its manager. */
export interface TestSystem {
  readonly runtime: Runtime;
  readonly manager: Manager;
  readonly started: Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Options of a test system. */
export interface TestSystemOptions {
  readonly broker?: TestBroker;
  readonly strict?: boolean;
  readonly onFatal?: (reason: string) => void;
  readonly folder?: string;
  readonly settings?: object;
}

/** Makes a manager and a runtime of `active_modules`, and begins to start them. */
export async function startSystem(
  modules: Readonly<Record<string, object>>,
  options: TestSystemOptions = {},
): Promise<TestSystem> {
  const { broker: given, folder = PAIR, strict = false, onFatal } = options;
  const address = given?.address;
  const composition = {
    settings: {
      carabiner: {
        log_level: 'silent',
        mqtt: { broker: address === undefined ? 'embedded' : { host: address.host, port: address.port } },
      },
      ...options.settings,
    },
    active_modules: modules,
  };
  const { configuration } = readComposition(CompositionSource.of(composition));
  const book = new LogBook({ level: process.env['TEST_LOG'] === undefined ? 'silent' : 'debug' });
  const broker: SystemBroker = await openSystemBroker(configuration.settings, folder);
  let manager: Manager;
  try {
    manager = new Manager({
      configuration,
      file: undefined,
      folder,
      broker,
      clock: systemClock,
      log: book.host,
      logLevel: process.env['TEST_LOG'] === undefined ? 'silent' : 'debug',
      strict,
      ...(onFatal === undefined ? {} : { onFatal }),
    });
  } catch (error) {
    await broker.close();
    throw error;
  }
  let runtime: Runtime;
  try {
    runtime = await createRuntime({ composition, folder, log: book, remote: manager });
  } catch (error) {
    await manager.stop();
    throw error;
  }
  manager.runtime = runtime;
  const started = runtime.start();
  return {
    runtime,
    manager,
    started,
    stop: async () => {
      await started.catch(() => undefined);
      await runtime.stop();
    },
  };
}

/** Waits in real time, a few seconds at most. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 8_000,
): Promise<void> {
  const endMs = systemClock.monotonic() + timeoutMs;
  while (!(await condition())) {
    if (systemClock.monotonic() > endMs) throw new Error(`${what} did not happen`);
    await systemClock.sleep(5);
  }
}

// SPDX-License-Identifier: Apache-2.0
import { dirname } from 'node:path';
import { systemClock, type Clock } from '@carabiner/clock';
import {
  CompositionSource,
  LogBook,
  readComposition,
  type LogOptions,
  type RemoteModules,
  type Runtime,
} from '@carabiner/core';
import { HostMember } from './host-member.js';
import { Manager } from './manager.js';
import { needsSystem } from './needs-system.js';
import { openSystemBroker } from './system-broker.js';

/** Which part of a composition this process runs, and how. */
export interface SystemOptions {
  /** Path of the composition. */
  readonly file?: string;
  /** The composition as data, instead of a file. */
  readonly composition?: unknown;
  /** Folder that packages and relative paths are looked for from; default that of `file`, else the working directory. */
  readonly folder?: string;
  /** Name of this host; undefined plays the manager and runs what has no host. */
  readonly host?: string;
  /** The end of any module's process ends everything, as in EVerest. */
  readonly strict?: boolean;
  readonly clock?: Clock;
  readonly log?: LogBook | LogOptions;
  /**
   * Called when everything has to end. `asked` is true when the manager said so, false when something failed (in strict
   * mode).
   */
  readonly onEnd?: (reason: string, asked: boolean) => void;
}

/** Hand `remote` and `log` to `createRuntime`, and the runtime to `attach`. */
export interface System {
  readonly remote: RemoteModules;
  readonly log: LogBook;
  /** Undefined on a host that does not play the manager. */
  readonly manager: Manager | undefined;
  /** Has to be called before the runtime is started. */
  attach(runtime: Runtime): void;
  /** Ends what was opened, for a composition that then was refused. */
  close(): Promise<void>;
}

/**
 * Opens the way to the modules of other processes: finds or starts the broker, and plays the manager or a further host.
 *
 * @returns undefined when the composition needs one process only
 * @throws SystemBrokerError when the broker cannot be used
 * @throws GuestIdentityError when modules of EVerest cannot run as who they should
 */
export async function openSystem(options: SystemOptions): Promise<System | undefined> {
  const { file, host, clock = systemClock, onEnd } = options;
  const folder = options.folder ?? (file === undefined ? process.cwd() : dirname(file));
  const source =
    file === undefined ? CompositionSource.of(options.composition) : CompositionSource.read(file);
  // What is wrong with it is reported when the runtime is made of it.
  const { configuration } = readComposition(source);
  if (!needsSystem(configuration, host)) return undefined;
  const { carabiner } = configuration.settings;
  const { log: given } = options;
  const log = given instanceof LogBook ? given : new LogBook({ level: carabiner.logLevel, ...given });
  const logFormat = given instanceof LogBook ? undefined : given?.format;
  const logLevel = given instanceof LogBook ? undefined : given?.level;
  const broker = await openSystemBroker(configuration.settings, folder);
  const common = {
    configuration,
    folder,
    broker,
    clock,
    log: log.host,
    ...(logLevel === undefined ? {} : { logLevel }),
    ...(logFormat === undefined ? {} : { logFormat }),
    strict: options.strict ?? false,
    onFatal: (reason: string) => onEnd?.(reason, false),
  };
  try {
    const role =
      host === undefined
        ? new Manager({ ...common, file })
        : new HostMember({ ...common, host, onShutdown: (reason) => onEnd?.(reason, true) });
    return {
      remote: role,
      log,
      manager: role instanceof Manager ? role : undefined,
      attach: (runtime) => {
        role.runtime = runtime;
      },
      close: async () => {
        await role.stop();
      },
    };
  } catch (error) {
    await broker.close();
    throw error;
  }
}

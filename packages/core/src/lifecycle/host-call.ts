// SPDX-License-Identifier: Apache-2.0
import { withTimeout, TimeoutError, type Clock } from '@carabiner/clock';
import type { Bus, ImplementationAddress } from '../bus/bus.js';
import type { ModuleEndpoint } from '../bus/module-endpoint.js';
import type { InterfaceDescriptor, Validator } from '../contract/index.js';
import { CmdTimeout } from '../exceptions/index.js';
import type { RunConfiguration } from '../composition/run-configuration.js';
import { UnknownNameError } from './lifecycle-errors.js';
import type { ModuleSlot } from './module-slot.js';

/** Origin of calls that the host itself makes, for a command line or a dashboard. */
export const HOST_ORIGIN = 'carabiner';

/** Limits of a call that the host makes. */
export interface HostCallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds; default that of the composition. */
  readonly timeoutMs?: number;
}

const unchecked: Validator = { is: (value): value is unknown => value === value || true, explain: () => [] };

/**
 * The module of this process that has a command.
 *
 * @throws UnknownNameError naming the nearest module, implementation or command
 */
export function endpointFor(
  host: { readonly slots: ReadonlyMap<string, ModuleSlot>; readonly configuration: RunConfiguration },
  moduleId: string,
  implementation: string,
  command: string,
): ModuleEndpoint {
  const endpoint = host.slots.get(moduleId)?.endpoint;
  if (endpoint === undefined)
    throw new UnknownNameError(
      `there is no module ${moduleId}`,
      moduleId,
      host.configuration.modules.map(({ id }) => id),
    );
  if (endpoint.entry(implementation, command) !== undefined) return endpoint;
  const { implementations } = endpoint;
  const found = Object.hasOwn(implementations, implementation) ? implementations[implementation] : undefined;
  if (found === undefined)
    throw new UnknownNameError(
      `module ${moduleId} has no implementation ${implementation}`,
      implementation,
      Object.keys(implementations),
    );
  throw new UnknownNameError(
    `module ${moduleId} has no command ${implementation}.${command}`,
    command,
    Object.keys(found.commands),
  );
}

/** Calls a command of a module in another process, whose interface is not known here. */
export async function callAnywhere(
  host: { readonly bus: Bus; readonly clock: Clock; readonly callTimeoutMs: number },
  target: ImplementationAddress,
  command: string,
  args: object,
  { signal, timeoutMs = host.callTimeoutMs }: HostCallOptions,
): Promise<unknown> {
  const descriptor: InterfaceDescriptor = {
    name: 'unknown',
    description: 'known to the other side',
    commands: {
      [command]: {
        description: '',
        argumentNames: Object.keys(args),
        args: unchecked,
        result: unchecked,
        returnsValue: true,
      },
    },
    variables: {},
    errors: [],
    definition: {},
    types: {},
  };
  const connection = host.bus.connect({
    consumer: HOST_ORIGIN,
    target,
    interface: descriptor,
    listener: { variable: () => undefined, error: () => undefined },
    ignoreErrors: true,
  });
  const label = `${target.moduleId}/${target.implementationId}.${command}`;
  const controller = new AbortController();
  const signals = signal === undefined ? [controller.signal] : [controller.signal, signal];
  try {
    await host.bus.settled();
    const call = connection.command(command)(args, { origin: HOST_ORIGIN, signal: AbortSignal.any(signals) });
    return await withTimeout(host.clock, call, timeoutMs, label);
  } catch (thrown) {
    if (!(thrown instanceof TimeoutError)) throw thrown;
    const error = new CmdTimeout(`${label} did not answer within ${timeoutMs} ms`);
    controller.abort(error);
    throw error;
  } finally {
    await connection.close();
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { CallOptions, Logger } from '@carabiner/core';
import type { EvseManagerProvides, EvseManagerRequires } from './generated/EvseManager.js';
import { DeviceMemory } from './device-memory.js';
import { DeviceReminder } from './device-reminder.js';
import { SupplyOutbox } from './supply-outbox.js';
import type { PeerName, Ports, Publications } from './ports.js';

/** Calls of one peer, addressed by name. The types of {@link Ports} guarantee that name and arguments fit. */
type AnyCalls = Readonly<
  Record<string, ((args: unknown, options?: CallOptions) => Promise<unknown>) | undefined>
>;
type AnyPublishers = Readonly<Record<string, ((value: unknown) => void) | undefined>>;

/** Longer than any supply takes to switch off. */
const SUPPLY_ANSWER_MS = 15_000;

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Joins the kernel's ports to the peers of the module. */
export function connectPorts(
  requires: EvseManagerRequires,
  provides: EvseManagerProvides,
  log: Logger,
  clock: Clock,
): Ports {
  const calls: { readonly [P in PeerName]: object | undefined } = {
    bsp: requires.bsp.call,
    connector_lock: requires.connector_lock?.call,
    slac: requires.slac?.call,
    hlc: requires.hlc?.call,
    imd: requires.imd?.call,
    over_voltage_monitor: requires.over_voltage_monitor?.call,
    powersupply_DC: requires.powersupply_DC?.call,
  };
  const publishers: { readonly [I in keyof Publications]: object } = {
    evse: provides.evse.publish,
    energy_grid: provides.energy_grid.publish,
    token_provider: provides.token_provider.publish,
    random_delay: provides.random_delay.publish,
  };
  const meter = requires.powermeter_car_side ?? requires.powermeter_grid_side;
  const { store } = requires;
  const supplyCalls = calls.powersupply_DC as AnyCalls | undefined;
  const supply = new SupplyOutbox(
    // One that does not answer must not hold up the set points behind it.
    async (command, args) => await supplyCalls?.[command]?.(args, { timeoutMs: SUPPLY_ANSWER_MS }),
    (command, error) => log.warn('command failed', { peer: 'powersupply_DC', command, error: text(error) }),
  );
  const memory = new DeviceMemory();
  const reminder = new DeviceReminder(
    clock,
    memory,
    async (peer, command, args, timeoutMs) =>
      await (calls[peer] as AnyCalls | undefined)?.[command]?.(args, { timeoutMs }),
    log,
  );
  const transmit = (peer: PeerName, command: string, args: unknown): void => {
    if (peer === 'powersupply_DC') {
      supply.send(command, args);
      return;
    }
    const call = (calls[peer] as AnyCalls | undefined)?.[command];
    if (call === undefined) return;
    call(args).catch((error: unknown) => log.warn('command failed', { peer, command, error: text(error) }));
  };
  return {
    connected: {
      connector_lock: requires.connector_lock !== undefined,
      slac: requires.slac !== undefined,
      hlc: requires.hlc !== undefined,
      imd: requires.imd !== undefined,
      over_voltage_monitor: requires.over_voltage_monitor !== undefined,
      powersupply_DC: requires.powersupply_DC !== undefined,
      store: store !== undefined,
      gridMeter: requires.powermeter_grid_side !== undefined,
      carMeter: requires.powermeter_car_side !== undefined,
    },
    send(peer, command, args) {
      memory.sent(peer, command, args);
      transmit(peer, command, args);
    },
    remind: (peer) => reminder.remind(peer),
    publish(implementation, variable, value) {
      try {
        (publishers[implementation] as AnyPublishers)[variable]?.(value);
      } catch (error) {
        log.error('value does not conform to its interface', { variable, error: text(error) });
      }
    },
    raise({ type, subType, message, severity, vendorId, description }) {
      provides.evse.errors.raise({
        type,
        subType,
        message,
        severity,
        vendorId,
        ...(description === undefined ? {} : { description }),
      });
    },
    clear: (type, subType) => provides.evse.errors.clear(type, subType),
    async startTransaction(request) {
      if (meter === undefined) return { status: 'NOT_SUPPORTED' };
      return await meter.call.start_transaction({ value: request });
    },
    async stopTransaction(transactionId) {
      if (meter === undefined) return { status: 'NOT_SUPPORTED' };
      return await meter.call.stop_transaction({ transaction_id: transactionId });
    },
    load: async (key) => (store === undefined ? '' : await store.call.load({ key })),
    store: async (key, value) => {
      await store?.call.store({ key, value });
    },
  };
}

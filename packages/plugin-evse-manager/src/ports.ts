// SPDX-License-Identifier: Apache-2.0
import type { CallOptions } from '@carabiner/core';
import type { AuthTokenProviderVariables } from '@carabiner/interfaces/interfaces/auth_token_provider';
import type { ConnectorLockCalls } from '@carabiner/interfaces/interfaces/connector_lock';
import type { EnergyVariables } from '@carabiner/interfaces/interfaces/energy';
import type { EvseBoardSupportCalls } from '@carabiner/interfaces/interfaces/evse_board_support';
import type { EvseManagerVariables } from '@carabiner/interfaces/interfaces/evse_manager';
import type { ISO15118ChargerCalls } from '@carabiner/interfaces/interfaces/ISO15118_charger';
import type { IsolationMonitorCalls } from '@carabiner/interfaces/interfaces/isolation_monitor';
import type { OverVoltageMonitorCalls } from '@carabiner/interfaces/interfaces/over_voltage_monitor';
import type { PowerSupplyDCCalls } from '@carabiner/interfaces/interfaces/power_supply_DC';
import type { SlacCalls } from '@carabiner/interfaces/interfaces/slac';
import type { UkRandomDelayVariables } from '@carabiner/interfaces/interfaces/uk_random_delay';
import type { RaisedReport } from './errors/error-book.js';
import type { TransactionReq, TransactionStartResponse, TransactionStopResponse } from './interface-types.js';

/** Arguments of each command of a peer. */
export type CommandArguments<Calls> = {
  [C in keyof Calls]: Calls[C] extends (args: infer A, options?: CallOptions) => unknown
    ? Exclude<A, undefined>
    : never;
};

/** Commands that this module sends and does not wait for, by requirement and command. */
export interface PeerCommands {
  bsp: CommandArguments<EvseBoardSupportCalls>;
  connector_lock: CommandArguments<ConnectorLockCalls>;
  slac: CommandArguments<SlacCalls>;
  hlc: CommandArguments<ISO15118ChargerCalls>;
  imd: CommandArguments<IsolationMonitorCalls>;
  over_voltage_monitor: CommandArguments<OverVoltageMonitorCalls>;
  powersupply_DC: CommandArguments<PowerSupplyDCCalls>;
}

export type PeerName = keyof PeerCommands;

/** Variables that this module publishes, by implementation. */
export interface Publications {
  evse: EvseManagerVariables;
  energy_grid: EnergyVariables;
  token_provider: AuthTokenProviderVariables;
  random_delay: UkRandomDelayVariables;
}

/** Which optional requirements are connected. */
export interface Connected {
  readonly connector_lock: boolean;
  readonly slac: boolean;
  readonly hlc: boolean;
  readonly imd: boolean;
  readonly over_voltage_monitor: boolean;
  readonly powersupply_DC: boolean;
  readonly store: boolean;
  readonly gridMeter: boolean;
  readonly carMeter: boolean;
}

/**
 * The kernel's one way out. Everything except the four questions to meter and store is sent and forgotten: no answer,
 * however late, holds anything up.
 */
export interface Ports {
  readonly connected: Connected;
  send<P extends PeerName, C extends keyof PeerCommands[P] & string>(
    peer: P,
    command: C,
    args: PeerCommands[P][C],
  ): void;
  /** Tells a device again which state it is to be in, after it or the way to it was lost. */
  remind(peer: PeerName): void;
  publish<I extends keyof Publications, V extends keyof Publications[I] & string>(
    implementation: I,
    variable: V,
    value: Publications[I][V],
  ): void;
  raise(report: RaisedReport): void;
  clear(type: RaisedReport['type'], subType: string): void;
  /** Asks the billing meter to begin a transaction. */
  startTransaction(request: TransactionReq): Promise<TransactionStartResponse>;
  /** Asks the billing meter to end a transaction; an empty id ends all that are still open. */
  stopTransaction(transactionId: string): Promise<TransactionStopResponse>;
  load(key: string): Promise<unknown>;
  store(key: string, value: string): Promise<void>;
}

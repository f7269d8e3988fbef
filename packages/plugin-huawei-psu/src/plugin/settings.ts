// SPDX-License-Identifier: Apache-2.0
import type { ConnectorSettings } from '../device/dispenser-bank.js';
import type {
  HuaweiPsuConfig,
  HuaweiPsuImplementationConfig,
  HuaweiPsuRequires,
} from '../generated/HuaweiPsu.js';

/** The configuration and the wiring do not fit together. */
export class HuaweiPsuConfigurationError extends Error {
  readonly code = 'HUAWEI_PSU_CONFIGURATION';
  override readonly name = 'HuaweiPsuConfigurationError';

  /** @param problems - all that is wrong */
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
  }
}

/** Names of the provided implementations, in the order of local connector numbers. */
export const OUTPUTS = ['connector_1', 'connector_2', 'connector_3', 'connector_4'] as const;

/** How many connections each requirement has. */
export type ConnectionCounts = { readonly [R in keyof HuaweiPsuRequires]: number };

/**
 * Settings of the connectors in use: as many as there are connections of `board_support`.
 *
 * @throws HuaweiPsuConfigurationError with everything that does not fit
 */
export function connectorSettings(
  config: HuaweiPsuConfig,
  implementations: HuaweiPsuImplementationConfig,
  connections: ConnectionCounts,
): ConnectorSettings[] {
  const problems: string[] = [];
  const inUse = connections.board_support;
  if (inUse < 1 || inUse > OUTPUTS.length)
    problems.push(`board_support has ${inUse} connections; 1 to ${OUTPUTS.length} are possible`);
  const onePerConnector = (requirement: keyof ConnectionCounts, why: string): void => {
    if (connections[requirement] !== inUse)
      problems.push(
        `${requirement} has ${connections[requirement]} connections; ${why} needs one per connector, ${inUse}`,
      );
  };
  if (connections.carside_powermeter > 0) onePerConnector('carside_powermeter', 'measuring on the car side');
  if (config.upstream_voltage_source === 'IMD')
    onePerConnector('isolation_monitor', 'upstream_voltage_source IMD');
  if (config.upstream_voltage_source === 'OVM')
    onePerConnector('over_voltage_monitor', 'upstream_voltage_source OVM');
  else if (config.HACK_use_ovm_while_cable_check)
    onePerConnector('over_voltage_monitor', 'HACK_use_ovm_while_cable_check');
  if (config.tls_enabled)
    for (const file of ['psu_ca_cert', 'client_cert', 'client_key'] as const)
      if (config[file] === '') problems.push(`tls_enabled is on, but ${file} is empty`);

  const used = OUTPUTS.slice(0, Math.max(inUse, 0));
  const settings = used.map((output) => {
    const { global_connector_number, max_export_current_A, max_export_power_W } = implementations[output];
    if (global_connector_number < 0)
      problems.push(`${output} is in use, so it needs a global_connector_number from 0 to 65535`);
    return {
      globalNumber: global_connector_number,
      maxCurrent: max_export_current_A,
      maxPower: max_export_power_W,
    };
  });
  const numbers = settings.map(({ globalNumber }) => globalNumber).filter((number) => number >= 0);
  const twice = numbers.find((number, index) => numbers.indexOf(number) !== index);
  if (twice !== undefined) problems.push(`global_connector_number ${twice} is used twice`);
  if (problems.length > 0) throw new HuaweiPsuConfigurationError(problems);
  return settings;
}

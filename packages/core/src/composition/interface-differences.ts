// SPDX-License-Identifier: Apache-2.0
import type { InterfaceDescriptor } from '../contract/index.js';

/** Why a provider cannot serve a consumer built against another version of the interface; empty when it can. */
export function interfaceDifferences(
  offered: InterfaceDescriptor,
  wanted: InterfaceDescriptor,
): readonly string[] {
  const differences: string[] = [];
  for (const command of Object.keys(wanted.commands))
    if (offered.commands[command] === undefined) differences.push(`command ${command} is missing`);
  for (const variable of Object.keys(wanted.variables))
    if (offered.variables[variable] === undefined) differences.push(`variable ${variable} is missing`);
  return differences;
}

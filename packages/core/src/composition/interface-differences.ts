// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { compareInterfaces, type InterfaceVersion } from '@carabiner/dialect';
import type { InterfaceDescriptor } from '../contract/index.js';

/**
 * Why a provider cannot serve a consumer that was built against another version of the interface; empty when it can. The
 * rules are those of `carabiner-codegen diff`.
 */
export function interfaceDifferences(
  offered: InterfaceDescriptor,
  wanted: InterfaceDescriptor,
): readonly string[] {
  // Each plugin may carry a copy of its interfaces, and most are the same.
  if (isDeepStrictEqual(versionOf(offered), versionOf(wanted))) return [];
  return compareInterfaces(versionOf(wanted), versionOf(offered))
    .filter(({ consumers }) => consumers === 'breaking')
    .map(({ message, path }) => (path === '' ? message : `${message} (${path})`));
}

function versionOf({ name, definition, types, errors }: InterfaceDescriptor): InterfaceVersion {
  return { name, definition, types, errors: errors.map(({ type }) => type) };
}

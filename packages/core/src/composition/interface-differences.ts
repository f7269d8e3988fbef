// SPDX-License-Identifier: Apache-2.0
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
  if (textOf(offered) === textOf(wanted)) return [];
  return compareInterfaces(versionOf(wanted), versionOf(offered))
    .filter(({ consumers }) => consumers === 'breaking')
    .map(({ message, path }) => (path === '' ? message : `${message} (${path})`));
}

/** Plugins may carry copies of their interfaces, and most are the same. */
const texts = new WeakMap<InterfaceDescriptor, string>();

function textOf(descriptor: InterfaceDescriptor): string {
  let text = texts.get(descriptor);
  if (text === undefined) {
    text = JSON.stringify(versionOf(descriptor));
    texts.set(descriptor, text);
  }
  return text;
}

function versionOf({ name, definition, types, errors }: InterfaceDescriptor): InterfaceVersion {
  return { name, definition, types, errors: errors.map(({ type }) => type) };
}

// SPDX-License-Identifier: Apache-2.0
import type { InterfaceDescriptor, ModuleDescriptor } from '@carabiner/core';

/** Descriptor of a module that provides one interface as `main` and has nothing else. */
export function descriptorOf(module: string, provided: InterfaceDescriptor): ModuleDescriptor {
  return {
    module,
    description: `reference for ${provided.name}`,
    config: {},
    provides: { main: { description: 'the device', interface: provided, config: {} } },
    requires: {},
    enableExternalMqtt: false,
    enableTelemetry: false,
    enableGlobalErrors: false,
  };
}

// SPDX-License-Identifier: Apache-2.0
import type { RunConfiguration } from '@carabiner/core';

/** True for compositions that are more than one process, or that name a broker between processes. */
export function needsSystem({ settings, modules }: RunConfiguration, host: string | undefined): boolean {
  const { everest, carabiner } = settings;
  return (
    host !== undefined ||
    carabiner.mqtt.broker !== undefined ||
    everest['modules_dir'] !== undefined ||
    everest['prefix'] !== undefined ||
    modules.some((entry) => entry.isolation === 'process' || entry.standalone || entry.host !== undefined)
  );
}

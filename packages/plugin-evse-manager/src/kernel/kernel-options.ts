// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { Logger } from '@carabiner/core';
import type { EvseManagerConfig } from '../generated/EvseManager.js';
import type { Ports } from '../ports.js';

/** What the kernel is made of. */
export interface KernelOptions {
  readonly moduleId: string;
  readonly config: EvseManagerConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ports: Ports;
}

#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { simulatorCommand } from '#iem-dcr-command';

try {
  await simulatorCommand().parseAsync();
} catch (error) {
  console.error(`iem-dcr-simulator: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

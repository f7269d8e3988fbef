#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { main } from '@carabiner/everest/module-process';

await main();

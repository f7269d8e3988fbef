#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { main } from '../dist/module-role/spare-process.js';

await main();

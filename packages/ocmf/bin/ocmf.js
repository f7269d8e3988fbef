#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { main, processIo } from '#command';

process.exitCode = await main(process.argv.slice(2), processIo());

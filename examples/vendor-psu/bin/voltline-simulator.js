#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { VoltlineSimulator } from '../dist/simulator/voltline-simulator.js';

const simulator = await VoltlineSimulator.start(Number(process.argv[2] ?? 9760));
simulator.load_Ohm = 20;
console.log(`a simulated VL-60 with 20 Ohm at its output listens on 127.0.0.1:${simulator.port}`);

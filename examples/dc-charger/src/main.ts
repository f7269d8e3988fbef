#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { endInOrder } from './leftovers.js';
import { parseOptions } from './options.js';
import { runScenario } from './run-scenario.js';
import { runPowerFailure } from './power-failure.js';
import { POWER_FAILURE, SCENARIOS } from './scenarios/index.js';
import { JsonView } from './view/json-view.js';
import { TextView } from './view/text-view.js';

const options = parseOptions(process.argv.slice(2), [...SCENARIOS, POWER_FAILURE]);
endInOrder();
const { stdout } = process;
const view = options.json
  ? new JsonView((text) => void stdout.write(text))
  : new TextView({
      write: (text) => void stdout.write(text),
      isTerminal: stdout.isTTY,
      columns: stdout.isTTY ? stdout.columns : 120,
    });
const scenario = SCENARIOS.find(({ name }) => name === options.scenario);
const ok =
  scenario === undefined
    ? await runPowerFailure(view, options.distributed)
    : await runScenario(scenario, options, view);
process.exitCode = ok ? 0 : 1;

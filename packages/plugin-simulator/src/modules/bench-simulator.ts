// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { inject, injectable } from '@carabiner/core';
import {
  BenchSimulatorBase,
  BenchSimulatorTokens,
  type BenchSimulatorContext,
  type BenchSimulatorImplementations,
} from '../generated/BenchSimulator.js';
import { boardSupport, connectorLock, residualCurrentMonitor } from './bench-board-support.js';
import { communicationController, powerLineModem } from './bench-communication.js';
import { isolationMonitor, overVoltageMonitor, plainMeter } from './bench-monitors.js';
import { Bench } from './bench.js';
import { parseScenario } from '../vehicle/scenario-file.js';
import { parseScript, type ScriptStep } from '../vehicle/script.js';

/** How often voltage, current and the battery are brought up to date. */
const PLANT_PERIOD_MS = 250;
const METER_PERIOD_MS = 1000;

/** One connector of a charger and the vehicle at its plug, without hardware. */
@injectable()
export class BenchSimulator extends BenchSimulatorBase {
  readonly #bench: Bench;
  #script: AbortController | undefined;
  override readonly implementations: BenchSimulatorImplementations;

  constructor(@inject(BenchSimulatorTokens.context) context: BenchSimulatorContext) {
    super(context);
    const bench = new Bench(this.config, this.clock, this.log, this.provides, (load) =>
      this.#tellPowerUnits(load),
    );
    this.#bench = bench;
    this.implementations = {
      board_support: boardSupport(bench),
      connector_lock: connectorLock(bench),
      rcd: residualCurrentMonitor(bench),
      imd: isolationMonitor(bench),
      ovm: overVoltageMonitor(bench),
      slac: powerLineModem(bench),
      hlc: communicationController(bench),
      powermeter: plainMeter(bench),
      ev: {
        enable: ({ value }) => {
          if (!value) this.#script?.abort(new Error('the vehicle was disabled'));
          this.provides.ev.publish.enabled(value);
        },
        execute_charging_session: ({ value }) => this.#execute(parseScript(value)),
      },
      output: {
        set_load: () => {
          this.log.warn('the load of this output is the vehicle; another one is ignored');
        },
        get_output: () => bench.output,
      },
    };
  }

  override init(): void {
    for (const unit of this.requires.power_unit) {
      unit.subscribe.output((output) => this.#bench.onSource(unit.connection.moduleId, output));
    }
    for (const supply of this.requires.power_supply) {
      supply.subscribe.mode((mode) => this.#bench.onSupplyMode(supply.connection.moduleId, mode));
      supply.subscribe.voltage_current((value) => this.#bench.onSupply(supply.connection.moduleId, value));
    }
  }

  override ready(): void {
    this.#bench.publishCapabilities();
    this.#bench.publishMeter();
    this.provides.ev.publish.enabled(true);
    // A board opens its contactors when nobody answers for them any more.
    this.provides.board_support.onCallerLost((moduleId) => {
      this.log.warn('whoever commanded the board is gone; contactors open', { moduleId });
      this.#bench.relays.permit(false);
    });
    this.#tellPowerUnits(this.#bench.plant.load);
    const plant = this.clock.setInterval(() => this.#bench.tick(), PLANT_PERIOD_MS);
    const meter = this.clock.setInterval(() => this.#bench.publishMeter(), METER_PERIOD_MS);
    this.context.onUnload(() => {
      plant.cancel();
      meter.cancel();
      this.#script?.abort(new Error('the bench was shut down'));
      this.#bench.stop();
    });
    const { script, scenario_file } = this.config;
    if (script !== '') this.#execute(parseScript(script));
    else if (scenario_file !== '') this.#execute(parseScenario(readFileSync(scenario_file, 'utf8')));
  }

  #tellPowerUnits(load: Bench['plant']['load']): void {
    for (const unit of this.requires.power_unit) {
      unit.call.set_load({ load }).catch((error: unknown) => {
        this.log.warn('the power unit did not take its load', { unit: unit.connection.moduleId, error });
      });
    }
  }

  /** Starts a script; one that runs already is ended. */
  #execute(steps: readonly ScriptStep[]): void {
    this.#script?.abort(new Error('another script was started'));
    const script = new AbortController();
    this.#script = script;
    this.#bench.runner.run(steps, script.signal).then(
      () => this.log.debug('the vehicle script has ended'),
      (error: unknown) => {
        if (!script.signal.aborted) this.log.error('the vehicle script failed', { error });
      },
    );
  }
}

// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { inject, injectable } from '@carabiner/core';
import {
  IemDcrSimulatorBase,
  IemDcrSimulatorTokens,
  type IemDcrSimulatorContext,
  type IemDcrSimulatorImplementations,
} from '../generated/IemDcrSimulator.js';
import { ControlServer } from './control-server.js';
import { IemDcrGateway } from './gateway.js';
import { readKeyFile } from './key-file.js';
import { IemDcrMeter } from './meter.js';
import { readScript, runScript } from './output-script.js';
import { readSwitches } from './switches.js';

/** The simulated meter as part of a composition. Drivers reach it over HTTP, as they reach a real one. */
@injectable()
export class IemDcrSimulator extends IemDcrSimulatorBase {
  override readonly implementations: IemDcrSimulatorImplementations = { main: {} };
  /** The meter; a test may look into it. */
  readonly meter: IemDcrMeter;
  /** Its REST gateway; a test may pull its plug. */
  readonly gateway: IemDcrGateway;

  constructor(@inject(IemDcrSimulatorTokens.context) context: IemDcrSimulatorContext) {
    super(context);
    const { host, port, serial, key_file, switches } = this.config;
    this.meter = new IemDcrMeter(this.clock, {
      serial,
      key: readKeyFile(key_file),
      switches: readSwitches(switches),
    });
    this.gateway = new IemDcrGateway(this.meter, this.clock, { host, port });
  }

  /** The meter has power before anybody asks for it. */
  override async init(): Promise<void> {
    this.requires.output?.subscribe.output(({ voltage_V, current_A, enabled }) => {
      this.meter.setOutput(voltage_V, enabled ? current_A : 0);
    });
    await this.gateway.plugIn();
    this.context.onUnload(() => this.gateway.unplug());
    this.log.info('meter listens', {
      serial: this.meter.serial,
      host: this.config.host,
      port: this.gateway.port,
    });
    if (this.config.control_port === 0) return;
    const control = new ControlServer(this.gateway);
    this.context.onUnload(() => control.close());
    await control.listen(this.config.control_port);
  }

  override ready(): void {
    const { script_file } = this.config;
    if (script_file === '' || this.requires.output !== undefined) return;
    const script = readScript(readFileSync(script_file, 'utf8'));
    runScript(script, this.meter, this.clock, this.signal).catch((error: unknown) => {
      this.log.error('the output script failed', { reason: String(error) });
    });
  }
}

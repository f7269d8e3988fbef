// SPDX-License-Identifier: Apache-2.0
import { describeError, ERROR_REGISTERS, portRegisters } from '@carabiner/fusioncharge';
import { expect } from 'chai';
import { startCharger, type Charger } from './bench-charger.js';

const epo = ERROR_REGISTERS.find(({ subcategory }) => subcategory === 'Epo')!;
const EPO = ['power_supply_DC/VendorWarning', 'PowerUnit/Epo'] as const;

/** A power unit that writes nothing on its own account. */
async function startSilent(): Promise<Charger> {
  const charger = await startCharger({ prepare: (unit) => void (unit.script.announce = false) });
  await charger.until(() => charger.unit.connection !== undefined, 5000, 'connected');
  return charger;
}

describe('a power unit that writes bit by bit', () => {
  it('is heard before it has told its address', async () => {
    const { unit, driver, until } = await startSilent();
    const { errors } = driver.provides.connector_1;
    await unit.connection!.write(epo.register, 1);
    await until(() => errors.isActive(...EPO), 2000, 'the error is raised');
    expect(errors.active.find(({ sub_type }) => sub_type === EPO[1])).to.include({
      message: describeError(epo, 1),
      severity: 'Medium',
    });
    unit.connection!.destroy();
    await until(() => unit.connections === 2, 10_000, 'reconnected');
    await driver.advance(2000);
    expect(errors.isActive(...EPO), 'it stays until the power unit speaks').to.equal(true);
    await unit.connection!.write(epo.register, 0);
    await until(() => !errors.isActive(...EPO), 2000, 'the error is cleared');
  });

  it('has each rating published when it changes, and is usable with all of them', async () => {
    const { unit, driver, until } = await startSilent();
    const { latest, errors } = driver.provides.connector_1;
    const withoutCapabilities = (): boolean =>
      errors.isActive('power_supply_DC/HardwareFault', 'capabilities_not_received');
    const steps = [
      [portRegisters.minCurrent, 1, { min_export_current_A: 1 }],
      [portRegisters.maxCurrent, 100, { max_export_current_A: 80 }],
      [portRegisters.maxVoltage, 1000, { max_export_voltage_V: 1000 }],
      [portRegisters.minVoltage, 150, { min_export_voltage_V: 150, max_export_power_W: 0 }],
      [portRegisters.ratedPower, 40, { max_export_power_W: 40_000 }],
    ] as const;
    for (const [register, value, shown] of steps) {
      expect(withoutCapabilities()).to.equal(true);
      await unit.connection!.write(register, value);
      const [key] = Object.keys(shown) as (keyof NonNullable<typeof latest.capabilities>)[];
      await until(() => Number(latest.capabilities?.[key!]) > 0, 2000, register.name);
      expect(latest.capabilities).to.include(shown);
    }
    await until(() => !withoutCapabilities(), 2000, 'it is usable');
  });
});

// SPDX-License-Identifier: Apache-2.0
import { CONNECTOR_OFFSETS, ERROR_REGISTERS, VALUE_REGISTERS } from '@carabiner/fusioncharge';
import { expect } from 'chai';
import fc from 'fast-check';
import { bsp, plugIn, startCharger, untilReady } from './bench-charger.js';

/** Addresses around everything that a driver looks at. */
const address = fc
  .tuple(
    fc.constantFrom(
      ...[...VALUE_REGISTERS, ...ERROR_REGISTERS.map(({ register }) => register)].map((each) => each.address),
    ),
    fc.constantFrom(...CONNECTOR_OFFSETS),
    fc.integer({ min: -2, max: 4 }),
  )
  .map(([base, offset, shift]) => (base + offset + shift + 0x10000) % 0x10000);

const write = fc.record({
  address,
  data: fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.concat([bytes, bytes])),
});

describe('a power unit that has lost its mind', function () {
  this.timeout(30_000);

  it('writing anything anywhere breaks nothing: with the right values a car is charged', async () => {
    const charger = await startCharger({ connectors: 2 });
    const { unit, driver } = charger;
    await untilReady(charger, 2);
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 40 }), async (writes) => {
        await Promise.all(
          writes.map(async (each) => await unit.connection!.writeRegisters(each.address, each.data)),
        );
      }),
      { numRuns: 40 },
    );
    for (const { register } of ERROR_REGISTERS)
      await unit.connection!.writeRegisters(register.address, Buffer.alloc(2 * register.type.count));
    await unit.announce();
    bsp(charger, 'A');
    await untilReady(charger, 2);
    await plugIn(charger);
    const { call } = driver.provides.connector_1;
    await call.setExportVoltageCurrent({ voltage: 400, current: 20 });
    await call.setMode({ mode: 'Export', phase: 'Charging' });
    await charger.until(() => unit.last()?.kind === 'request' && unit.last()!.connector === 5, 2000);
    await charger.until(() => JSON.stringify(unit.last()).includes('"requirement":5'), 2000, 'charging');
    expect(driver.violations.messages).to.deep.equal([]);
  });

  it('sending any frame breaks nothing', async () => {
    const charger = await startCharger();
    const { unit, driver } = charger;
    await untilReady(charger);
    const before = unit.connections;
    const header = Buffer.concat([Buffer.alloc(6, 2), unit.mac, Buffer.from('8100a00088b8', 'hex')]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, withHeader) => {
        unit.send(withHeader ? Buffer.concat([header, bytes]) : Buffer.from(bytes));
      }),
      { numRuns: 500 },
    );
    await driver.settle();
    await plugIn(charger);
    expect(unit.connections).to.equal(before);
  });
});

// SPDX-License-Identifier: Apache-2.0
import { connectorRegisters } from '@carabiner/fusioncharge';
import { expect } from 'chai';
import { bsp, plugIn, startCharger, untilReady } from './bench-charger.js';

describe('a charge', () => {
  for (const connectors of [1, 4] as const)
    it(`goes from plugging in to unplugging on ${connectors} connector${connectors > 1 ? 's' : ''}`, async () => {
      const charger = await startCharger({ connectors });
      const { driver, unit, until } = charger;
      await untilReady(charger, connectors);
      const numbers = Array.from({ length: connectors }, (_, index) => index + 1);
      const clients = Object.values(driver.provides).slice(0, connectors);

      await Promise.all(numbers.map(async (connector) => await plugIn(charger, connector)));
      const each = async (
        step: (client: (typeof clients)[number]) => Promise<unknown>,
        kind: string,
        requirement?: number,
      ) => {
        await Promise.all(clients.map(step));
        for (const connector of numbers)
          await until(
            () => {
              const last = unit.last(connector);
              return last?.kind === kind && (last.kind !== 'request' || last.requirement === requirement);
            },
            2_000,
            `${kind} ${requirement ?? ''} of connector ${connector}`,
          );
      };
      await each(
        async ({ call }) => {
          await call.setExportVoltageCurrent({ voltage: 500, current: 2 });
          await call.setMode({ mode: 'Export', phase: 'CableCheck' });
        },
        'request',
        2,
      );
      expect(unit.last()).to.include({
        voltage: 500,
        current: 2,
        mode: 2,
        serialNumber: 0xffff,
        connector: 5,
      });
      await each(({ call }) => call.setMode({ mode: 'Off', phase: 'CableCheck' }), 'request', 3);
      expect(unit.last()).to.include({ voltage: 0, current: 0 });
      await each(
        async ({ call }) => {
          await call.setExportVoltageCurrent({ voltage: 400, current: 1 });
          await call.setMode({ mode: 'Export', phase: 'PreCharge' });
        },
        'request',
        4,
      );
      await each(
        async ({ call }) => {
          await call.setMode({ mode: 'Export', phase: 'Charging' });
          await call.setExportVoltageCurrent({ voltage: 410, current: 1000 });
        },
        'request',
        5,
      );
      await until(() => unit.statuses.get(connectors)?.at(-1) === 3, 2_000, 'reported as charging');
      expect(unit.last(connectors)).to.include({ voltage: 410, current: 80 });
      await each(({ call }) => call.setMode({ mode: 'Off', phase: 'Charging' }), 'stop');
      await until(() => unit.statuses.get(1)?.at(-1) === 4, 2_000, 'reported as complete');
      expect(unit.last()).to.include({ reason: 0x1000 });
      for (const connector of numbers) bsp(charger, 'A', connector);
      await until(() => unit.statuses.get(connectors)?.at(-1) === 0, 2_000, 'reported as unplugged');
      expect(unit.reported(connectorRegisters.connectionStatus)).to.equal(0);
      expect(
        unit.heard.every(({ verified }) => verified),
        'every frame was signed with the key of its session',
      ).to.equal(true);
    });
});

// SPDX-License-Identifier: Apache-2.0
import { createRuntime, type RuntimeEvent } from '@carabiner/core';
import type {
  TransactionStartResponse,
  TransactionStopResponse,
} from '@carabiner/interfaces/types/powermeter';
import type { Powermeter } from '@carabiner/interfaces/types/powermeter';
import { bill, parseRecord, verifyRecord } from '@carabiner/ocmf';
import { freePort, tempDir } from '@carabiner/testkit';
import { expect } from 'chai';

/** Driver, simulated meter, simulated power supply and store as installed packages, in one composition, in real time. */
describe('IemDcr in a composition', () => {
  it('meters what a simulated power supply delivers, under the name EVerest gives the module', async function () {
    this.timeout(20_000);
    await using folder = await tempDir();
    const port = await freePort();
    const seen: Powermeter[] = [];
    const runtime = await createRuntime({
      folder: new URL('.', import.meta.url).pathname,
      log: { level: 'silent' },
      composition: {
        active_modules: {
          meter: {
            module: 'IsabellenhuetteIemDcr',
            config_module: { ip_address: '127.0.0.1', port_http: port, CI: 'DE*ABC*E0001' },
            connections: { store: [{ module_id: 'store', implementation_id: 'main' }] },
          },
          device: {
            module: 'IemDcrSimulator',
            config_module: { port, serial: '1ISA42' },
            connections: { output: [{ module_id: 'supply', implementation_id: 'output' }] },
          },
          supply: { module: 'SimulatedPsu' },
          store: { module: 'Store', config_module: { file: folder.join('store.mdb') } },
        },
      },
    });
    let wake = (): void => undefined;
    runtime.observe((event: RuntimeEvent) => {
      if (event.kind === 'variable' && event.name === 'powermeter' && event.moduleId === 'meter')
        seen.push(event.value as Powermeter);
      wake();
    });
    const value = async (fits: (value: Powermeter) => boolean): Promise<Powermeter> => {
      for (;;) {
        const last = seen.at(-1);
        if (last !== undefined && fits(last)) return last;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    await runtime.start();
    try {
      expect((await value(() => true)).meter_id).to.equal('1ISA42');
      const request = {
        ...{ evse_id: 'DE*ABC*E0001', transaction_id: 'tx-1', identification_status: 'ASSIGNED' },
        ...{ identification_flags: [], identification_type: 'ISO14443', identification_data: 'CAFE' },
      };
      const started = (await runtime.call('meter', 'main', 'start_transaction', {
        value: request,
      })) as TransactionStartResponse;
      expect(started).to.deep.equal({ status: 'OK' });
      const load = { connected: true, counter_voltage_V: 400, series_resistance_Ohm: 0.1 };
      await runtime.call('supply', 'output', 'set_load', { load });
      await runtime.call('supply', 'main', 'setExportVoltageCurrent', { voltage: 450, current: 100 });
      await runtime.call('supply', 'main', 'setMode', { mode: 'Export', phase: 'Charging' });
      await value(({ current_A }) => (current_A?.DC ?? 0) > 99);
      await runtime.call('supply', 'main', 'setMode', { mode: 'Off', phase: 'Charging' });
      await value(({ current_A }) => current_A?.DC === 0);
      const stopped = (await runtime.call('meter', 'main', 'stop_transaction', {
        transaction_id: 'tx-1',
      })) as TransactionStopResponse;
      expect(stopped.status, stopped.error).to.equal('OK');
      const { signed_meter_data, public_key } = stopped.signed_meter_value!;
      expect(verifyRecord(signed_meter_data, public_key).verdict).to.equal('valid');
      expect(parseRecord(signed_meter_data).payload).to.include({
        ID: 'CAFE',
        CI: 'DE*ABC*E0001',
        MS: '1ISA42',
        IL: 'HEARSAY',
      });
      expect(bill([parseRecord(signed_meter_data)])).to.include({ billable: true });
      expect(Number(bill([parseRecord(signed_meter_data)]).import?.energy.toString())).to.be.greaterThan(0);
    } finally {
      await runtime.stop();
    }
  });
});

// SPDX-License-Identifier: Apache-2.0
import { parseRecord } from '@carabiner/ocmf';
import { describeContract } from '@carabiner/testkit';
import { MeterBench } from './meter-bench.js';

for (const stored of [true, false])
  describe(`IemDcr ${stored ? 'with' : 'without'} a store`, () => {
    describeContract('powermeter', async () => {
      const bench = await MeterBench.create({
        config: { CI: 'DE*CRB*E1' },
        ...(stored ? { store: new Map() } : {}),
      });
      return {
        client: bench.main,
        clock: bench.clock,
        shutdown: async () => {
          const stopping = bench.driver.shutdown();
          await bench.gateway.unplug();
          await stopping;
        },
        dispose: () => bench.gateway.unplug(),
        advance: (ms) => bench.advance(ms),
        device: {
          belongsTo: (record, request) => parseRecord(record).payload.ID === request.identification_data,
          loseCommunication: () => bench.gateway.unplug(),
          restoreCommunication: () => bench.gateway.plugIn(),
        },
      };
    });
  });

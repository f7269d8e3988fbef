// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { makeCertificates, type CertificateFiles } from './certificates.js';
import {
  charge,
  startMockCharger,
  untilQuiet,
  type MockCharger,
  type MockChargerOptions,
} from './mock-charger.js';
import { skip } from './requirement.js';
import { makeVethPair, type VethPair } from '@carabiner/testkit';

describe('driver and simulated power unit', function () {
  this.timeout(30_000);
  let certificates: CertificateFiles;
  let veth: VethPair | { readonly unavailable: string };
  let charger: MockCharger | undefined;

  before(async () => {
    certificates = await makeCertificates();
    veth = makeVethPair('hua');
  });

  after(async () => {
    await certificates.remove();
    if ('remove' in veth) veth.remove();
  });

  afterEach(async () => {
    await charger?.stop();
    charger = undefined;
  });

  for (const link of ['udp', 'packet'] as const)
    for (const protection of ['hmac', 'plain', 'hmac+tls'] as const)
      for (const connectors of [1, 4] as const)
        it(`charge over ${link} with ${protection}, ${connectors} connector(s)`, async function () {
          let place: MockChargerOptions['link'] = 'udp';
          if (link === 'packet') {
            if ('unavailable' in veth) skip(this, 'packet', veth.unavailable);
            else place = veth;
          }
          const running = await startMockCharger({
            link: place,
            protection,
            connectors,
            certificates,
            mock: { roundsWithoutRatings: 0 },
            // Time runs so fast here that a busy machine would make a quarter of a second too long for an answer.
            config: { module_placeholder_allocation_timeout_s: 100, modbus_timeout_s: 120 },
          });
          charger = running;
          await untilQuiet(running);
          await Promise.all(running.numbers.map(async (_, index) => await charge(running, index + 1)));
          await untilQuiet(running);
          const signed = [...running.mock.statistics.values()];
          expect(signed.reduce((sum, { accepted }) => sum + accepted, 0)).to.be.greaterThan(10 * connectors);
          expect(running.driver.violations.messages).to.deep.equal([]);
        });
});

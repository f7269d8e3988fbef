// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { chaosRun } from './support/chaos/chaos-run.js';
import { HAS_MOSQUITTO } from './support/chaos/mosquitto.js';

/**
 * How many faults are played; none unless it is said, since a run takes a second for each and still finds sessions that do
 * not go on after several faults at once. `CARABINER_CHAOS_SEED` repeats what a seed drew.
 */
const FAULTS = Number(process.env['CARABINER_CHAOS_FAULTS'] ?? 0);
const SEED = Number(process.env['CARABINER_CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Over the embedded broker, which is part of the manager, only processes fail; it is played when it is asked for. */
const BROKERS =
  process.env['CARABINER_CHAOS_EMBEDDED'] === '1'
    ? (['mosquitto', 'embedded'] as const)
    : (['mosquitto'] as const);
const TIME_FACTOR = 10;
/** Real time for the start, the last session, and one fault with what has to settle after it. */
const FIXED_MS = 150_000;
const PER_FAULT_MS = 2_500;

(FAULTS > 0 ? describe : describe.skip)('chaos', function () {
  this.timeout(FIXED_MS + FAULTS * PER_FAULT_MS);

  for (const broker of BROKERS) {
    it(`${FAULTS} random faults leave no transaction, process or safety behind (${broker})`, async function () {
      if (broker === 'mosquitto' && !HAS_MOSQUITTO) {
        if (process.env['CARABINER_REQUIRE']?.split(',').includes('mosquitto') === true)
          throw new Error('CARABINER_REQUIRE names mosquitto, but the command is not installed');
        this.skip();
      }
      const { report, summary } = await chaosRun({
        seed: SEED,
        faults: FAULTS,
        broker,
        timeFactor: TIME_FACTOR,
        supervised: process.env['CARABINER_CHAOS_SUPERVISED'] !== '0',
      });
      if (FAULTS > 25 || report.violations.length > 0)
        console.log(
          `seed ${SEED}, ${broker}: ${report.faults.length} faults in ${(report.elapsedMs / 1000).toFixed(0)} s; ${summary}`,
        );
      if (report.violations.length > 0 || process.env['CARABINER_CHAOS_TRAIL'] === '1')
        console.log(report.text);
      expect(report.violations).to.deep.equal([]);
    });
  }
});

// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScaledClock, systemClock } from '@carabiner/clock';
import { Charger } from './charger.js';
import { Composition } from './composition.js';
import { commonEpochMs } from './distributed.js';
import { removeAtExit } from './leftovers.js';
import { Narrator } from './narrator.js';
import type { RunOptions } from './options.js';
import { placeOnThisMachine } from './placement.js';
import type { Scenario } from './scenarios/scenario.js';
import { reportRecord } from './signed-records.js';
import { VethPair } from './veth-pair.js';
import { VendorUnit } from './vendor-unit.js';
import type { Phase } from './view/phases.js';
import type { View } from './view/view.js';

/** Folder of the compositions, as an URL. */
const COMPOSITIONS = new URL('../compositions/', import.meta.url);

/**
 * Plays a scenario on a charger of its own and shows it.
 *
 * @returns true when everything went as expected
 */
export async function runScenario(scenario: Scenario, options: RunOptions, view: View): Promise<boolean> {
  const startMs = systemClock.monotonic();
  const folder = options.storeFolder ?? mkdtempSync(join(tmpdir(), 'dc-charger-'));
  const removeFolder = (): void => {
    if (options.storeFolder === undefined) rmSync(folder, { recursive: true, force: true });
  };
  const removed = removeAtExit(removeFolder);
  const epochMs = commonEpochMs();
  const clock = new ScaledClock(systemClock, options.timeFactor, epochMs);
  const problems: string[] = [];
  let phases: ReadonlyMap<string, readonly Phase[]> = new Map();
  let vendorUnit: VendorUnit | undefined;
  let veth: VethPair | undefined;
  try {
    const composition = new Composition(options.composition ?? new URL(scenario.composition, COMPOSITIONS));
    veth = options.link === 'packet' ? VethPair.create() : undefined;
    await placeOnThisMachine(composition, { folder, veth, meter: options.meter });
    vendorUnit = await VendorUnit.start(composition, clock);
    phases = await play(scenario, composition, { clock, epochMs, vendorUnit }, options, view, problems);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    await vendorUnit?.stop();
    veth?.remove();
    removeFolder();
    removed();
  }
  const ok = problems.length === 0;
  view.summary({
    scenario: scenario.name,
    ok,
    problems,
    timeFactor: options.timeFactor,
    wallMs: systemClock.monotonic() - startMs,
    phases,
  });
  return ok;
}

async function play(
  scenario: Scenario,
  composition: Composition,
  {
    clock,
    epochMs,
    vendorUnit,
  }: { readonly clock: ScaledClock; readonly epochMs: number; readonly vendorUnit: VendorUnit | undefined },
  options: RunOptions,
  view: View,
  problems: string[],
): Promise<ReadonlyMap<string, readonly Phase[]>> {
  const log = { level: options.logLevel };
  const charger =
    options.distributed === undefined
      ? await Charger.start(composition, clock, log)
      : await Charger.startDistributed(composition, clock, epochMs, log, options.distributed);
  vendorUnit?.attach(charger);
  if (options.meter !== undefined) charger.feedMeter(options.meter.controlPort);
  let narrator: Narrator | undefined;
  try {
    // A recovery happens while the charger starts: listen from the beginning.
    if (scenario.fromStart === true) narrator = new Narrator(charger, view);
    await charger.ready();
    narrator ??= new Narrator(charger, view);
    await scenario.play({ charger, composition, narrator, chargeForS: options.duration });
    for (const problem of showRecords(charger, view)) problems.push(problem);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    narrator?.fallSilent();
    await charger.stop();
  }
  return new Map([...(narrator?.phases ?? [])].map(([evse, phaseClock]) => [evse, phaseClock.phases]));
}

/** Shows the signed record of every finished transaction. @returns what is wrong with them */
function showRecords(charger: Charger, view: View): string[] {
  const problems: string[] = [];
  for (const evse of charger.evses) {
    for (const event of charger.sessionEvents(evse)) {
      if (event.event !== 'TransactionFinished') continue;
      const report = reportRecord(evse, event, charger.publicKey(evse));
      if (report === undefined) {
        if (charger.signs(evse)) problems.push(`transaction ${event.uuid} of ${evse} has no signed record`);
        continue;
      }
      view.record(report);
      if (!report.verified) problems.push(`the record of ${evse} is not valid: ${report.reason}`);
    }
  }
  return problems;
}

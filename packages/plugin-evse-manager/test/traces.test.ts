// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { compare, describeDifference } from './support/compare.js';
import { corrected, DEPARTURES, eventText, RULES, type Departure } from './support/deviations.js';
import { comparable, recordedOutputs, type Output } from './support/outputs.js';
import { replay } from './support/trace-replay.js';
import { isInput, loadTrace, traceNames, type Trace, type Value } from './support/trace.js';

/** Lower bound of the recordings' power supply: a smaller request is raised to it. */
const LOWEST_A = 1;

function outside(departure: Departure | undefined): (output: Output) => boolean {
  return ({ at }) =>
    departure === undefined || at < departure.fromMs || at > (departure.toMs ?? Number.POSITIVE_INFINITY);
}

interface Setting {
  readonly at: number;
  readonly current: number;
}

/** Currents that were asked for in the charge loop. */
function chargeLoopCurrents(outputs: readonly Output[]): Setting[] {
  let charging = false;
  return outputs.flatMap((output) => {
    if (output.channel !== 'psu') return [];
    const content = output.content as Record<string, Value>;
    if (output.name === 'setMode') {
      charging = content.phase === 'Charging' && content.mode === 'Export';
      return [];
    }
    return charging ? [{ at: output.at, current: Number(content.current) }] : [];
  });
}

/** The last value that was told before a time. */
function latest(values: readonly Setting[], at: number): number | undefined {
  return values.filter((value) => value.at <= at + 2).at(-1)?.current;
}

function evTargets(trace: Trace): Setting[] {
  return trace.trace.flatMap(([at, entry]) =>
    isInput(entry) && entry.name === 'dc_ev_target_voltage_current'
      ? [{ at, current: Number((entry.v as Record<string, Value>).dc_ev_target_current) }]
      : [],
  );
}

function evseLimits(outputs: readonly Output[]): Setting[] {
  return outputs.flatMap((output) => {
    if (output.name !== 'update_dc_maximum_limits') return [];
    const limits = (output.content as Record<string, Record<string, Value>>).maximum_limits;
    return [{ at: output.at, current: Number(limits?.evse_maximum_current_limit) }];
  });
}

describe('recordings of the reference', () => {
  const { random } = Math;
  const used = new Set<string>();

  before(() => {
    // The length of random delays; the recordings' ones did not end by themselves.
    Math.random = () => 0.5;
  });

  after(() => {
    Math.random = random;
  });

  for (const name of traceNames()) {
    const trace = loadTrace(name);
    it(`${name}: ${trace.title}`, async () => {
      const departure = DEPARTURES.find((entry) => entry.trace === name);
      const raw = await replay(trace, departure);
      const ours = comparable(raw);
      const recorded = corrected(comparable(recordedOutputs(trace)));
      const context = { trace, recorded, ours };
      const compared = outside(departure);
      const differences = compare(recorded.filter(compared), ours.filter(compared)).filter((difference) => {
        const rule = RULES.find((candidate) => candidate.allows(difference, context));
        if (rule !== undefined) used.add(rule.what);
        return rule === undefined;
      });
      expect(differences.map(describeDifference), 'differences that no rule explains').to.deep.equal([]);
      if (departure !== undefined) {
        const events = ours.filter((output) => output.channel === 'evse:session_event' && !compared(output));
        expect(events.map(eventText), departure.why).to.deep.equal(departure.events);
      }
      const limits = evseLimits(raw);
      const targets = evTargets(trace);
      for (const { at, current } of chargeLoopCurrents(raw)) {
        const allowed = Math.min(latest(targets, at) ?? 0, latest(limits, at) ?? 0);
        expect(current, `current at ${at} ms`).to.be.at.most(Math.max(LOWEST_A, allowed) + 1e-3);
      }
      if (departure === undefined) {
        const reference = recordedOutputs(trace);
        const referenceLimits = evseLimits(reference);
        const permitted = chargeLoopCurrents(reference).filter(
          ({ at, current }) => current <= Math.max(LOWEST_A, latest(referenceLimits, at) ?? 0),
        );
        const highest = (settings: readonly Setting[]): number =>
          Math.max(0, ...settings.map((setting) => setting.current));
        expect(highest(chargeLoopCurrents(raw)), 'highest current').to.be.at.least(highest(permitted) - 0.2);
      }
    });
  }

  it('every rule is needed', () => {
    expect(RULES.map((rule) => rule.what).filter((what) => !used.has(what))).to.deep.equal([]);
  });

  it('every departure belongs to a recording', () => {
    const names = traceNames();
    expect(
      DEPARTURES.map((departure) => departure.trace).filter((name) => !names.includes(name)),
    ).to.deep.equal([]);
  });
});

// SPDX-License-Identifier: Apache-2.0

/** Steps of the cable check, IEC 61851-23 CC.4.1.2, in their order. */
export const CABLE_CHECK_STEPS = [
  'discharged',
  'earlyVoltage',
  'earlySelfTest',
  'earlyDischarge',
  'relaysClosed',
  'evMaximum',
  'testVoltage',
  'selfTest',
  'isolation',
  'dischargedAgain',
  'failing',
] as const;

export type CableCheckStep = (typeof CABLE_CHECK_STEPS)[number];

/** Options of the cable check. */
export interface CableCheckConfig {
  readonly isolationLimitOhm: number;
  /** 0 derives the voltage from the EV's maximum. */
  readonly fixedVoltageV: number;
  readonly samples: number;
  readonly selfTest: boolean;
  readonly earlySelfTest: boolean;
  readonly earlyVoltageV: number;
  readonly relaysTimeoutMs: number;
  readonly dischargeBeforeEnd: boolean;
  readonly pauseMonitorAfterwards: boolean;
}

/** What the cable check sees. */
export interface CableCheckFacts {
  readonly nowMs: number;
  /** Voltage of the power supply, undefined before the first measurement. */
  readonly voltageV: number | undefined;
  /** When that was measured. */
  readonly measuredMs: number;
  readonly relaysClosed: boolean;
  readonly relaysPermitted: boolean;
  readonly evMaximumV: number | undefined;
  readonly supplyMaximumV: number;
  /** The session goes on: no stop, pause, error or unplug. */
  readonly wanted: boolean;
}

/** What the cable check asks for. */
export type CableCheckEffect =
  | { readonly type: 'allowRelays' }
  | { readonly type: 'supply'; readonly voltageV: number; readonly currentA: number }
  | { readonly type: 'supplyOff'; readonly keepPhase: boolean }
  | { readonly type: 'startSelfTest'; readonly voltageV: number }
  | { readonly type: 'monitor'; readonly on: boolean }
  | { readonly type: 'isolation'; readonly ok: boolean; readonly resistanceOhm: number | undefined }
  | { readonly type: 'finished'; readonly ok: boolean }
  | { readonly type: 'failed'; readonly reason: string };

/** The procedure's memory. */
export interface CableCheck {
  readonly step: CableCheckStep;
  readonly sinceMs: number;
  readonly testVoltageV: number;
  readonly selfTestAsked: boolean;
  readonly selfTestResult: boolean | undefined;
  readonly refused: boolean;
  readonly samples: number;
  readonly sampleMs: number;
  readonly resistanceOhm: number;
  /** Why it failed; undefined while it did not, and after a cancellation. */
  readonly reason: string | undefined;
}

export interface CableCheckProgress {
  /** Undefined when the procedure is over. */
  readonly state: CableCheck | undefined;
  readonly effects: readonly CableCheckEffect[];
}

/** Times in ms. */
export const CABLE_CHECK_TIMES = {
  voltage: 10_000,
  /** Longest time without a measurement of the power supply. */
  silence: 2000,
  evMaximum: 1000,
  /** For relays that are to be open before the check. */
  relaysOpen: 2000,
  selfTest: 30_000,
  sample: 5000,
} as const;

/** Below it the output counts as discharged, in V. */
export const HARMLESS_V = 60;
const VOLTAGE_TOLERANCE_V = 10;
const TEST_CURRENT_A = 2;
const FALLBACK_EV_MAXIMUM_V = 500;

/** Voltage of the isolation test: the EV's maximum with a margin, within what the power supply can do. */
export function isolationTestVoltage(evMaximumV: number, supplyMaximumV: number, fixedV: number): number {
  if (fixedV > 0) return fixedV;
  if (evMaximumV <= 500) return Math.min(500, evMaximumV + 50, supplyMaximumV);
  return Math.min(supplyMaximumV, 1.1 * evMaximumV);
}

/** Steps in which the voltage has to reach the vehicle. */
const UNDER_VOLTAGE: ReadonlySet<CableCheckStep> = new Set(['testVoltage', 'selfTest', 'isolation']);

type Verdict = { readonly go: CableCheckStep | 'done' } | { readonly fail: string } | undefined;

interface StepDefinition {
  readonly skip?: (c: CableCheckConfig) => boolean;
  readonly enter?: (s: CableCheck, c: CableCheckConfig, f: CableCheckFacts) => readonly CableCheckEffect[];
  readonly ready: (s: CableCheck, c: CableCheckConfig, f: CableCheckFacts) => boolean;
  /** Checked before {@link StepDefinition.ready}. */
  readonly fault?: (s: CableCheck, c: CableCheckConfig, f: CableCheckFacts) => string | undefined;
  readonly leave?: (s: CableCheck, c: CableCheckConfig) => readonly CableCheckEffect[];
}

const silent = (s: CableCheck, f: CableCheckFacts): boolean =>
  f.nowMs - Math.max(s.sinceMs, f.measuredMs) > CABLE_CHECK_TIMES.silence;

const late = (s: CableCheck, f: CableCheckFacts, limitMs: number): boolean => f.nowMs - s.sinceMs >= limitMs;

const discharged = (f: CableCheckFacts): boolean => f.voltageV !== undefined && f.voltageV < HARMLESS_V;

const welded = (f: CableCheckFacts): boolean => f.relaysClosed && !f.relaysPermitted;

const notDischarged = (s: CableCheck, f: CableCheckFacts): string | undefined =>
  discharged(f)
    ? undefined
    : silent(s, f) || late(s, f, CABLE_CHECK_TIMES.voltage)
      ? `output voltage did not fall below ${HARMLESS_V} V`
      : undefined;

const reached = (s: CableCheck, f: CableCheckFacts): boolean =>
  f.voltageV !== undefined && Math.abs(f.voltageV - s.testVoltageV) < VOLTAGE_TOLERANCE_V;

const notReached = (s: CableCheck, f: CableCheckFacts): string | undefined => {
  if (s.refused) return `power supply cannot deliver ${s.testVoltageV} V`;
  if (reached(s, f) || !(silent(s, f) || late(s, f, CABLE_CHECK_TIMES.voltage))) return undefined;
  return `output voltage did not reach ${s.testVoltageV} V`;
};

const selfTestFault = (s: CableCheck, _c: CableCheckConfig, f: CableCheckFacts): string | undefined => {
  if (s.selfTestResult === false) return 'self test of the isolation monitor failed';
  return s.selfTestResult === undefined && late(s, f, CABLE_CHECK_TIMES.selfTest)
    ? 'isolation monitor did not report its self test'
    : undefined;
};

const supply = (s: CableCheck): CableCheckEffect => ({
  type: 'supply',
  voltageV: s.testVoltageV,
  currentA: TEST_CURRENT_A,
});

const STEPS: { readonly [S in Exclude<CableCheckStep, 'failing'>]: StepDefinition } = {
  discharged: {
    ready: (_s, _c, f) => discharged(f) && !welded(f),
    fault: (s, _c, f) =>
      welded(f) && late(s, f, CABLE_CHECK_TIMES.relaysOpen)
        ? 'relays are closed although they are not permitted to be'
        : notDischarged(s, f),
    leave: () => [{ type: 'allowRelays' }],
  },
  earlyVoltage: {
    skip: (c) => !c.earlySelfTest,
    enter: (s) => [supply(s)],
    ready: (s, _c, f) => reached(s, f),
    fault: (s, _c, f) => notReached(s, f),
    leave: (s) => [{ type: 'startSelfTest', voltageV: s.testVoltageV }],
  },
  earlySelfTest: {
    skip: (c) => !c.earlySelfTest || c.selfTest,
    ready: (s) => s.selfTestResult === true,
    fault: selfTestFault,
  },
  earlyDischarge: {
    skip: (c) => !c.earlySelfTest || c.selfTest,
    enter: () => [{ type: 'supplyOff', keepPhase: true }],
    ready: () => true,
  },
  relaysClosed: {
    ready: (_s, _c, f) => f.relaysClosed,
    fault: (s, c, f) =>
      !f.relaysClosed && late(s, f, c.relaysTimeoutMs) ? 'relays did not close' : undefined,
  },
  evMaximum: {
    skip: (c) => c.fixedVoltageV > 0,
    ready: (s, _c, f) => f.evMaximumV !== undefined || late(s, f, CABLE_CHECK_TIMES.evMaximum),
  },
  testVoltage: {
    enter: (s) => [supply(s)],
    ready: (s, _c, f) => reached(s, f),
    fault: (s, _c, f) => notReached(s, f),
  },
  selfTest: {
    skip: (c) => !c.selfTest,
    enter: (s, c) => (c.earlySelfTest ? [] : [{ type: 'startSelfTest', voltageV: s.testVoltageV }]),
    ready: (s) => s.selfTestResult === true,
    fault: selfTestFault,
  },
  isolation: {
    enter: () => [{ type: 'monitor', on: true }],
    ready: (s, c) => s.samples >= c.samples,
    fault: (s, c, f) =>
      s.samples < c.samples && f.nowMs - s.sampleMs >= CABLE_CHECK_TIMES.sample
        ? 'isolation monitor did not measure'
        : undefined,
    leave: (s, c) => [
      {
        type: 'isolation',
        ok: c.samples === 0 || s.resistanceOhm >= c.isolationLimitOhm,
        resistanceOhm: c.samples === 0 ? undefined : s.resistanceOhm,
      },
    ],
  },
  dischargedAgain: {
    skip: (c) => !c.dischargeBeforeEnd,
    enter: () => [{ type: 'supplyOff', keepPhase: true }],
    ready: (_s, _c, f) => discharged(f),
    fault: (s, _c, f) => notDischarged(s, f),
  },
};

/** True when the isolation monitor is measuring at this step and has to be stopped when it is left by a failure. */
function monitorRuns(step: CableCheckStep): boolean {
  return step === 'isolation' || step === 'dischargedAgain';
}

/** Begins a cable check. */
export function beginCableCheck(config: CableCheckConfig, nowMs: number): CableCheck {
  return {
    step: 'discharged',
    sinceMs: nowMs,
    testVoltageV: config.earlyVoltageV,
    selfTestAsked: false,
    selfTestResult: undefined,
    refused: false,
    samples: 0,
    sampleMs: nowMs,
    resistanceOhm: 0,
    reason: undefined,
  };
}

/** Takes the result of a self test; one from before this check asked for it does not count. */
export function takeSelfTest(state: CableCheck, ok: boolean): CableCheck {
  return state.selfTestAsked ? { ...state, selfTestResult: ok } : state;
}

/** The power supply cannot deliver the voltage of the present step. */
export function takeRefusal(state: CableCheck): CableCheck {
  return { ...state, refused: true };
}

/** Takes an isolation sample; those from before the isolation step do not count. */
export function takeIsolationSample(state: CableCheck, resistanceOhm: number, nowMs: number): CableCheck {
  if (state.step !== 'isolation') return state;
  return { ...state, samples: state.samples + 1, sampleMs: nowMs, resistanceOhm };
}

function verdict(state: CableCheck, config: CableCheckConfig, facts: CableCheckFacts): Verdict {
  if (state.step === 'failing') {
    const over = discharged(facts) || late(state, facts, CABLE_CHECK_TIMES.voltage);
    return over ? { go: 'done' } : undefined;
  }
  if (UNDER_VOLTAGE.has(state.step) && !facts.relaysClosed) return { fail: 'relays opened' };
  const definition = STEPS[state.step];
  const fault = definition.fault?.(state, config, facts);
  if (fault !== undefined) return { fail: fault };
  if (!definition.ready(state, config, facts)) return undefined;
  let index = CABLE_CHECK_STEPS.indexOf(state.step) + 1;
  for (;;) {
    const next = CABLE_CHECK_STEPS[index];
    if (next === undefined || next === 'failing') return { go: 'done' };
    if (STEPS[next].skip?.(config) !== true) return { go: next };
    index += 1;
  }
}

function fail(state: CableCheck, reason: string | undefined, nowMs: number): CableCheckProgress {
  return {
    state: { ...state, step: 'failing', sinceMs: nowMs, reason },
    effects: [
      ...(monitorRuns(state.step) ? [{ type: 'monitor', on: false } as const] : []),
      { type: 'supplyOff', keepPhase: false },
    ],
  };
}

function advance(
  state: CableCheck,
  config: CableCheckConfig,
  facts: CableCheckFacts,
): CableCheckProgress | undefined {
  const { nowMs } = facts;
  if (state.step !== 'failing' && !facts.wanted) return fail(state, undefined, nowMs);
  const found = verdict(state, config, facts);
  if (found === undefined) return undefined;
  if ('fail' in found) return fail(state, found.fail, nowMs);
  if (state.step === 'failing') {
    const failed: readonly CableCheckEffect[] =
      state.reason === undefined ? [] : [{ type: 'failed', reason: state.reason }];
    return { state: undefined, effects: [{ type: 'finished', ok: false }, ...failed] };
  }
  const left = STEPS[state.step].leave?.(state, config) ?? [];
  const judged = left.find((effect) => effect.type === 'isolation');
  if (judged !== undefined && !judged.ok) {
    const failure = fail(state, `isolation resistance is too low: ${state.resistanceOhm} Ohm`, nowMs);
    return { state: failure.state, effects: [...failure.effects, ...left] };
  }
  if (found.go === 'done') {
    const paused: readonly CableCheckEffect[] = config.pauseMonitorAfterwards
      ? [{ type: 'monitor', on: false }]
      : [];
    return { state: undefined, effects: [...left, ...paused, { type: 'finished', ok: true }] };
  }
  const next: CableCheck = {
    ...state,
    step: found.go,
    sinceMs: nowMs,
    sampleMs: nowMs,
    ...(found.go === 'testVoltage'
      ? {
          testVoltageV: isolationTestVoltage(
            facts.evMaximumV ?? FALLBACK_EV_MAXIMUM_V,
            facts.supplyMaximumV,
            config.fixedVoltageV,
          ),
        }
      : {}),
  };
  const entered = STEPS[found.go as keyof typeof STEPS].enter?.(next, config, facts) ?? [];
  const effects = [...left, ...entered];
  const asked = effects.some(({ type }) => type === 'startSelfTest');
  return { state: asked ? { ...next, selfTestAsked: true } : next, effects };
}

/**
 * Goes on as far as the facts allow. Pure.
 *
 * Whenever the session is no longer wanted the procedure cleans up, reports `finished(false)` and names no failure.
 */
export function runCableCheck(
  state: CableCheck,
  config: CableCheckConfig,
  facts: CableCheckFacts,
): CableCheckProgress {
  const effects: CableCheckEffect[] = [];
  let current: CableCheck | undefined = state;
  while (current !== undefined) {
    const progress = advance(current, config, facts);
    if (progress === undefined) break;
    effects.push(...progress.effects);
    // What was asked for has to happen before the next fact can count.
    const acted = progress.effects.length > 0;
    current = progress.state;
    if (acted) break;
  }
  return { state: current, effects };
}

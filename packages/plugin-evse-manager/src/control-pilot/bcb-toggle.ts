// SPDX-License-Identifier: Apache-2.0

/** Shortest and longest C pulse of a BCB toggle in ms: 200 to 400, with 50 ms of tolerance (ISO 15118-3). */
const PULSE_MS = { min: 150, max: 450 } as const;
const PULSES = 3;
/** A sequence with fewer valid pulses counts after this time. */
const SEQUENCE_MS = 3700;

/** The EV's wake-up call: B-C-B pulses while PWM is off. */
export interface BcbToggle {
  readonly pulseStartMs: number | undefined;
  readonly sequenceStartMs: number | undefined;
  readonly validPulses: number;
}

export const NO_BCB_TOGGLE: BcbToggle = {
  pulseStartMs: undefined,
  sequenceStartMs: undefined,
  validPulses: 0,
};

/** The EV went to C. */
export function bcbPulseBegins(toggle: BcbToggle, nowMs: number): BcbToggle {
  return {
    ...toggle,
    pulseStartMs: nowMs,
    sequenceStartMs: toggle.validPulses === 0 ? nowMs : toggle.sequenceStartMs,
  };
}

/** The EV went back to B. A pulse of the wrong length begins the count anew. */
export function bcbPulseEnds(toggle: BcbToggle, nowMs: number): BcbToggle {
  if (toggle.pulseStartMs === undefined) return toggle;
  const lengthMs = nowMs - toggle.pulseStartMs;
  const valid = lengthMs > PULSE_MS.min && lengthMs < PULSE_MS.max;
  return { ...toggle, pulseStartMs: undefined, validPulses: valid ? toggle.validPulses + 1 : 0 };
}

/**
 * True when the EV has asked to be woken: three valid pulses, or at least one and 3.7 s since the first.
 * A steady C or a glitch is no call.
 */
export function bcbComplete(toggle: BcbToggle, nowMs: number): boolean {
  if (toggle.validPulses >= PULSES) return true;
  return (
    toggle.validPulses > 0 &&
    toggle.sequenceStartMs !== undefined &&
    nowMs - toggle.sequenceStartMs >= SEQUENCE_MS
  );
}

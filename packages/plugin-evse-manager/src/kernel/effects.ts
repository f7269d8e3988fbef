// SPDX-License-Identifier: Apache-2.0
import { NO_BCB_TOGGLE } from '../control-pilot/bcb-toggle.js';
import { DIGITAL_DUTY_PERCENT, dutyCyclePercent } from '../control-pilot/duty-cycle.js';
import type { ChargerEffect, TableEvent } from '../charger/table.js';
import type { Kernel } from './kernel.js';

/** Shortest time between two changes of the nominal duty cycle, IEC 61851-1. */
const PWM_UPDATE_MS = 5000;
/** X1 that ended a session lasts so long at least before the EV is invited again. */
const LEAST_X1_MS = 100;

function showFive(kernel: Kernel): void {
  const { memory } = kernel.charger;
  memory.signal = 'five';
  kernel.lastPwmMs = kernel.clock.monotonic();
  kernel.pilot.step({ type: 'pwm', percent: DIGITAL_DUTY_PERCENT });
}

function showNominal(kernel: Kernel): void {
  const { memory } = kernel.charger;
  const percent = dutyCyclePercent(kernel.energy.offeredA);
  if (memory.signal === 'nominal' && percent === kernel.nominalPercent) return;
  memory.signal = 'nominal';
  kernel.signalledA = kernel.energy.offeredA;
  kernel.nominalPercent = percent;
  kernel.lastPwmMs = kernel.clock.monotonic();
  kernel.pilot.step({ type: 'pwm', percent });
}

function showF(kernel: Kernel): void {
  kernel.charger.memory.signal = 'F';
  kernel.lastPwmMs = kernel.clock.monotonic();
  kernel.pilot.step({ type: 'f' });
}

function settleThenFive(kernel: Kernel): void {
  const { memory } = kernel.charger;
  if (!memory.plugged) return;
  memory.settling = true;
  kernel.settleTimer?.cancel();
  kernel.settleTimer = kernel.clock.setTimeout(
    () =>
      kernel.handle(() => {
        if (!memory.settling) return;
        memory.settling = false;
        // AC that was authorised first begins without high level communication, unless that is enforced.
        const { authorised, plugAndCharge } = kernel.session;
        if (kernel.dc || !authorised || plugAndCharge || kernel.config.ac_enforce_hlc) showFive(kernel);
      }),
    kernel.config.sleep_before_enabling_pwm_hlc_mode_ms,
  );
}

function noEnergyPause(kernel: Kernel): void {
  if (kernel.config.zero_power_ignore_pause || !kernel.hlc.present) return;
  kernel.ports.send('hlc', 'no_energy_pause_charging', {
    mode: kernel.config.zero_power_allow_ev_to_ignore_pause
      ? 'AllowEvToIgnorePause'
      : 'PauseBeforeCableCheck',
  });
}

function announcePause(kernel: Kernel): void {
  const reasons = kernel.pauseReasons();
  const text = reasons.join();
  if (reasons.length === 0 || text === kernel.lastPauseReasons) return;
  kernel.lastPauseReasons = text;
  kernel.events.pausedByEvse(reasons);
}

function hardStop(kernel: Kernel): void {
  if (!kernel.ticking) return;
  kernel.ticking = false;
  if (kernel.dc) kernel.dcSession.supplyOff();
  kernel.pilot.step({ type: 'forbid' });
}

function contactorFault(kernel: Kernel): void {
  if (kernel.contactorFault) return;
  kernel.contactorFault = true;
  kernel.errors.raise({
    name: 'Internal',
    subType: 'ContactorFault',
    severity: 'High',
    message: 'relays did not open after charging was stopped',
  });
}

function faultPulse(kernel: Kernel): void {
  const lengthMs = kernel.config.state_F_after_fault_ms;
  if (lengthMs <= 0) return;
  showF(kernel);
  kernel.pulseTimer?.cancel();
  kernel.pulseTimer = kernel.clock.setTimeout(
    () =>
      kernel.handle(() => {
        if (kernel.charger.memory.signal === 'F') kernel.signalX1();
      }),
    lengthMs,
  );
}

function overCurrentCheck(kernel: Kernel): void {
  const { memory } = kernel.charger;
  const signalledA =
    memory.hlcActive || memory.signal !== 'nominal' ? kernel.energy.currentA : kernel.signalledA;
  const found = kernel.overCurrent.check(signalledA, kernel.meterValue, kernel.clock.monotonic());
  if (found === undefined) return;
  kernel.errors.raise({
    name: 'MREC4OverCurrentFailure',
    severity: 'High',
    message: `current of ${found.currentsA.join(', ')} A exceeds the limit of ${found.limitA.toFixed(2)} A`,
  });
}

function idleSignal(kernel: Kernel): void {
  const { memory } = kernel.charger;
  if (kernel.fatal && memory.signal !== 'F') showF(kernel);
  else if (!kernel.fatal && memory.signal === 'F') kernel.signalX1();
}

function restoreSignal(kernel: Kernel): void {
  switch (kernel.charger.memory.signalBefore) {
    case 'five':
      showFive(kernel);
      break;
    case 'nominal':
      showNominal(kernel);
      break;
    case 'X1':
    case 'F':
      kernel.signalX1();
      break;
  }
}

function resetSession(kernel: Kernel): void {
  const { memory } = kernel.charger;
  kernel.bcb = NO_BCB_TOGGLE;
  memory.hlcAllowsPower = false;
  memory.linkEnd = 'unknown';
  memory.wokenUp = false;
  memory.d20 = false;
  memory.v2gSetUp = false;
  memory.chargeLoop = false;
  memory.hlcActive = kernel.dc;
  memory.carLeft = false;
  kernel.selectedService = undefined;
  kernel.saeActive = false;
  kernel.overCurrent.reset();
  if (kernel.session.active) kernel.authorisation.endSession();
}

function emitTableEvent(kernel: Kernel, event: TableEvent): void {
  switch (event) {
    case 'ChargingStarted':
    case 'ChargingPausedEV':
      kernel.events.emitWithMeter(event, 'charging_state_changed_event');
      break;
    case 'Disabled':
      kernel.authorisation.emitEnabled('Disabled');
      break;
    default:
      kernel.events.emit(event);
  }
}

type NamedEffect = Exclude<ChargerEffect, `event:${string}`>;

const EFFECTS: { readonly [E in NamedEffect]: (kernel: Kernel) => void } = {
  announcePause,
  boardOff: (k) => {
    k.ports.send('bsp', 'enable', { value: false });
    k.pilot.step({ type: 'disable' });
    k.charger.memory.plugged = false;
    k.charger.memory.carLeft = false;
  },
  clearCableCheckError: (k) => k.errors.clear('MREC11CableCheckFault'),
  clearOwnErrors: (k) => k.errors.clear(),
  commitPhases: (k) => k.energy.commitPhases(),
  contactorFault,
  endReservation: (k) => k.authorisation.endReservation(),
  endSession: (k) => k.authorisation.endSession(),
  faultPulse,
  five: (k) => {
    if (k.charger.memory.signal === 'five') return;
    if (k.clock.monotonic() - k.lastPwmMs >= LEAST_X1_MS) showFive(k);
  },
  followLimit: (k) => {
    if (k.clock.monotonic() - k.lastPwmMs >= PWM_UPDATE_MS) showNominal(k);
  },
  forbidRelays: (k) => k.pilot.step({ type: 'forbid' }),
  forgetHlcPermission: (k) => {
    k.charger.memory.hlcAllowsPower = false;
  },
  forgetLinkEnd: (k) => {
    k.charger.memory.linkEnd = 'unknown';
  },
  forgetPauseReasons: (k) => {
    k.lastPauseReasons = '';
  },
  forgetWakeUp: (k) => {
    k.charger.memory.wokenUp = false;
  },
  hardStop,
  hlcPause: (k) => {
    if (k.hlc.present) k.ports.send('hlc', 'pause_charging', { pause: true });
  },
  hlcStop: (k) => {
    if (k.hlc.present) k.ports.send('hlc', 'stop_charging', { stop: true });
  },
  idleSignal,
  markWokenUp: (k) => {
    k.charger.memory.wokenUp = true;
  },
  noEnergyPause,
  noEnergyPauseOnce: (k) => {
    if (k.noEnergyPauseSent) return;
    k.noEnergyPauseSent = true;
    k.log.warn('no energy for a DC session after 5 s');
    noEnergyPause(k);
  },
  nominal: showNominal,
  overCurrentCheck,
  permitCableCheck: (k) => {
    if (!k.pilot.state.permitted) k.pilot.step({ type: 'permit', reason: 'DCCableCheck' });
  },
  permitFullPower: (k) => k.pilot.step({ type: 'permit', reason: 'FullPowerCharging' }),
  phaseSwitchSignal: (k) => {
    k.phaseSwitchDone = false;
    if (k.config.switch_3ph1ph_cp_state === 'F') showF(k);
    else k.signalX1();
    k.pulseTimer?.cancel();
    k.pulseTimer = k.clock.setTimeout(
      () =>
        k.handle(() => {
          k.phaseSwitchDone = true;
        }),
      k.config.switch_3ph1ph_delay_s * 1000,
    );
  },
  priorityEnergyRequest: (k) => k.energy.request(true),
  resetBcb: (k) => {
    k.bcb = NO_BCB_TOGGLE;
  },
  resetSession,
  restoreSignal,
  settleThenFive,
  slacEnterBcd: (k) => {
    if (k.slacActive) k.ports.send('slac', 'enter_bcd', {});
  },
  slacReset: (k) => {
    if (k.slacActive) k.ports.send('slac', 'reset', { enable: false });
  },
  startSession: (k) => {
    if (!k.session.active) k.authorisation.startSession('EVConnected');
  },
  startTransaction: (k) => k.transactions.start(),
  stepF: showF,
  stepTail: (k) => {
    if (k.charger.memory.signal !== 'X1') k.signalX1();
  },
  stepX1: (k) => k.signalX1(),
  stopTransaction: (k) => k.transactions.stop(),
  supplyOff: (k) => {
    if (k.dc) k.dcSession.supplyOff();
  },
  supplyOffIfOn: (k) => {
    if (k.dc && k.output.supply.isOn) k.dcSession.supplyOff();
  },
  x1: (k) => k.signalX1(),
};

/** Does what the charger table asks for. */
export function performEffect(kernel: Kernel, effect: ChargerEffect): void {
  if (effect.startsWith('event:')) emitTableEvent(kernel, effect.slice('event:'.length) as TableEvent);
  else EFFECTS[effect as NamedEffect](kernel);
}

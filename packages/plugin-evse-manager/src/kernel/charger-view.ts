// SPDX-License-Identifier: Apache-2.0
import { bcbComplete } from '../control-pilot/bcb-toggle.js';
import { requestsPower } from '../control-pilot/machine.js';
import type { ChargerView } from '../charger/view.js';
import type { Kernel } from './kernel.js';

/** Time that a DC session waits for energy before it goes on without, in ms. */
const SETTLE_ENERGY_MS = 5000;

/** The facts for the charger table, taken from all parts of the kernel. */
export function chargerView(kernel: Kernel): ChargerView {
  const { charger, session, config, pilot } = kernel;
  const { memory } = charger;
  const nowMs = kernel.clock.monotonic();
  const since = (at: number | undefined): number => (at === undefined ? 0 : nowMs - at);
  return {
    dc: kernel.dc,
    hlcActive: memory.hlcActive,
    d20: memory.d20,
    authorised: session.authorised,
    plugAndCharge: session.plugAndCharge,
    transaction: session.transaction,
    plugged: memory.plugged && !memory.carLeft,
    disableRequested: memory.disableRequested,
    fatal: kernel.fatal,
    power: kernel.power,
    userPause: session.userPause,
    evRequestsPower: requestsPower(pilot.state, pilot.config),
    hlcAllowsPower: memory.hlcAllowsPower,
    relaysClosed: pilot.state.relaysClosed,
    signal: memory.signal,
    digital: kernel.dc || (kernel.slacActive && config.ac_hlc_enabled && config.ac_hlc_use_5percent),
    settling: memory.settling,
    inStateMs: charger.inStateMs,
    withPowerMs: since(kernel.withPowerSinceMs),
    withoutPowerMs: since(kernel.withoutPowerSinceMs),
    withoutPowerLimitMs: config.hlc_charge_loop_without_energy_timeout_s * 1000,
    settleEnergyMs: SETTLE_ENERGY_MS,
    chargeLoop: memory.chargeLoop,
    bcbComplete: bcbComplete(kernel.bcb, nowMs),
    linkEnd: memory.linkEnd,
    slacStarted: kernel.slacState === 'MATCHING' || kernel.slacState === 'MATCHED',
    v2gSetUp: memory.v2gSetUp,
    acHlc: !kernel.dc && kernel.hlc.present && config.ac_hlc_enabled,
    sinceTransactionMs: session.transaction === 'active' ? nowMs - kernel.transactionSinceMs : 0,
    cableRatingMissing: kernel.energy.isSocket && kernel.energy.cableRatingA === undefined,
    enforceHlc: config.ac_enforce_hlc,
    wokenUp: memory.wokenUp,
    stepDone: kernel.phaseSwitchDone,
    pauseReasons: kernel.pauseReasons(),
  };
}

// SPDX-License-Identifier: Apache-2.0
import type { Difference } from './compare.js';
import type { Output } from './outputs.js';
import { isInput, text, type Trace, type TraceInput, type Value } from './trace.js';

/*
 * Where ours deliberately differs from the reference. Two kinds: rules, which hold in every recording, because the
 * reference's defect shows wherever its situation arises; and, for single recordings, the time from which both go different
 * ways, with the events that ours has instead.
 */

/** What a rule may look at. */
export interface Context {
  readonly trace: Trace;
  readonly recorded: readonly Output[];
  readonly ours: readonly Output[];
}

/** A difference that is deliberate wherever it appears. */
export interface Rule {
  readonly what: string;
  readonly why: string;
  readonly allows: (difference: Difference, context: Context) => boolean;
}

/** A recording from which ours departs at some time. */
export interface Departure {
  readonly trace: string;
  readonly fromMs: number;
  /** When both are together again; never, if left out. */
  readonly toMs?: number;
  readonly why: string;
  /** Our session events in that time, with reasons. */
  readonly events: readonly string[];
  /** From then on only the script's inputs are fed, and these: the peers' reactions fit the reference alone. */
  readonly inputs?: readonly (readonly [number, TraceInput])[];
}

type Fields = Record<string, Value>;

const fields = (output: Output): Fields => (output.content ?? {}) as Fields;

const eventOf = (output: Output): string | undefined =>
  output.channel === 'evse:session_event' ? text(fields(output).event) : undefined;

/** An event with its reason, as the recordings' index writes it. */
export function eventText(output: Output): string {
  const content = fields(output);
  const reason =
    (content.session_started as Fields | undefined)?.reason ??
    (content.transaction_finished as Fields | undefined)?.reason ??
    (content.charging_paused_evse as Fields | undefined)?.reasons;
  return reason === undefined || reason === null
    ? text(content.event)
    : `${text(content.event)}(${text(reason)})`;
}

const within = (a: number, b: number, ms: number): boolean => Math.abs(a - b) <= ms;

const call = (output: Output, channel: string, name: string, part?: Fields): boolean =>
  output.channel === channel &&
  output.name === name &&
  (part === undefined || JSON.stringify(output.content) === JSON.stringify(part));

const isX1 = (output: Output): boolean => call(output, 'bsp', 'cp_state_X1');

/** Events that announce a state. */
const ENTRY_EVENTS = new Set([
  'AuthRequired',
  'PrepareCharging',
  'ChargingStarted',
  'ChargingPausedEV',
  'ChargingPausedEVSE',
  'StoppingCharging',
  'Disabled',
]);

const lastEntryEvent = (outputs: readonly Output[], beforeMs: number): string | undefined =>
  outputs
    .filter((output) => output.at < beforeMs && ENTRY_EVENTS.has(eventOf(output) ?? ''))
    .map(eventOf)
    .at(-1);

const sameCall = (a: Output, b: Output): boolean =>
  a.channel === b.channel && a.name === b.name && JSON.stringify(a.content) === JSON.stringify(b.content);

/** The relay permission is withdrawn. */
const isWithdrawal = (output: Output): boolean =>
  output.name === 'allow_power_on' && JSON.stringify(output.content).includes('false');

/** What a shutdown consists of. */
const isShutdownCall = (output: Output): boolean =>
  isX1(output) ||
  call(output, 'imd', 'stop') ||
  call(output, 'slac', 'reset') ||
  output.name === 'send_error' ||
  isWithdrawal(output) ||
  (output.name === 'setMode' && fields(output).mode === 'Off');

const lastEvent = (outputs: readonly Output[], beforeMs: number): Output | undefined =>
  outputs.filter((output) => eventOf(output) !== undefined && output.at < beforeMs).at(-1);

const inputs = (trace: Trace, name: string): number[] =>
  trace.trace.flatMap(([at, entry]) => (isInput(entry) && entry.name === name ? [at] : []));

/** Inoperative was raised or cleared in the recording shortly before. */
const afterErrorChange = ({ recorded }: Context, at: number): boolean =>
  recorded.some(
    (output) => output.channel === 'errors Inoperative' && output.at <= at && at - output.at <= 700,
  );

const sessionOver = (outputs: readonly Output[], at: number): boolean =>
  ['SessionFinished', 'Enabled', undefined].includes(
    eventOf(lastEvent(outputs, at + 1) ?? { at: 0, channel: '', name: '', content: null }),
  );

/** The first session after the boot has not yet begun power delivery. */
const beforePowerDelivery = ({ trace }: Context, at: number): boolean =>
  !inputs(trace, 'v2g_setup_finished').some((time) => time < at);

const stillWithoutFirstDelivery = (context: Context, at: number): boolean =>
  context.trace.mode === 'DC' &&
  beforePowerDelivery(context, at) &&
  !context.recorded.some((output) => eventOf(output) === 'SessionFinished' && output.at < at - 20);

export const RULES: readonly Rule[] = [
  {
    what: 'the supply is switched off when a transaction of an earlier process is closed',
    why: 'devices in processes of their own go on when this one is killed',
    allows: ({ kind, output }, { ours }) =>
      kind === 'extra' &&
      output.name === 'setMode' &&
      fields(output).mode === 'Off' &&
      ours.some((other) => eventOf(other) === 'SessionResumed' && within(other.at, output.at, 100)),
  },
  {
    what: 'entry actions are not repeated when the urgency of errors changes',
    why: 'defect 2',
    allows: ({ kind, output }, context) => {
      if (kind !== 'missing' || !afterErrorChange(context, output.at)) return false;
      const event = eventOf(output);
      if (event !== undefined) return event === lastEntryEvent(context.recorded, output.at);
      return (
        isX1(output) ||
        ['cp_state_F', 'pwm_on', 'enable'].includes(output.name) ||
        isWithdrawal(output) ||
        call(output, 'imd', 'stop') ||
        call(output, 'hlc.stop_charging', 'stop_charging', { stop: true })
      );
    },
  },
  {
    what: 'high level communication leads the first DC session too: it is stopped by message, PWM stays',
    why: 'defect 1',
    allows: ({ kind, output }, context) =>
      stillWithoutFirstDelivery(context, output.at) &&
      (kind === 'extra'
        ? call(output, 'hlc.stop_charging', 'stop_charging', { stop: true })
        : isX1(output) || call(output, 'bsp', 'pwm_on', { value: 5 })),
  },
  {
    what: 'a broken link is answered with X1 only now, and with power and permission off',
    why: 'defect 1 (PWM still runs), defect 22a',
    allows: ({ kind, output }, { trace }) =>
      kind === 'extra' &&
      inputs(trace, 'dlink_error').some((at) => within(at, output.at, 1)) &&
      (isX1(output) || call(output, 'imd', 'stop') || call(output, 'psu', 'setMode') || isWithdrawal(output)),
  },
  {
    what: 'a power supply that was switched off at a broken link is not switched off again',
    why: 'defect 22a',
    allows: ({ kind, output }, { trace }) =>
      kind === 'missing' &&
      inputs(trace, 'dlink_error').some((at) => at < output.at) &&
      (call(output, 'psu', 'setMode') || call(output, 'imd', 'stop')) &&
      (output.name === 'stop' || fields(output).mode === 'Off'),
  },
  {
    what: 'shutdown actions follow the error at once, in every state, and not after a repeated entry',
    why: 'Safety row of 4.11, 6.4; defects 2 and 22',
    allows: ({ kind, output }, { recorded, ours }) => {
      if (!isShutdownCall(output)) return false;
      const raised = ours.filter((other) => other.name === 'raise Inoperative' && other.at <= output.at + 1);
      if (kind === 'extra') return raised.some((other) => within(other.at, output.at, 5));
      const at = raised.at(-1)?.at ?? Number.POSITIVE_INFINITY;
      return (
        recorded.some((other) => other.name === 'raise Inoperative' && other.at < output.at) &&
        ours.some((other) => other.at >= at - 1 && other.at <= output.at && sameCall(other, output))
      );
    },
  },
  {
    what: 'the unplugged EV is noticed before the errors that end with it',
    why: 'correction of 3.7: process the unplug first',
    allows: ({ kind, output }, { trace }) =>
      kind === 'missing' &&
      (eventOf(output) === 'PrepareCharging' || output.name === 'enter_bcd' || output.name === 'pwm_on') &&
      trace.trace.some(
        ([at, entry]) =>
          isInput(entry) &&
          entry.name === 'event' &&
          (entry.v as Fields).event === 'A' &&
          output.at >= at &&
          output.at - at < 20,
      ),
  },
  {
    what: 'the early self test stays in the phase CableCheck',
    why: 'quirk of 4.3 step 3',
    allows: ({ kind, output }, { trace }) =>
      trace.config_module.cable_check_enable_imd_self_test_relays_open === true &&
      output.name === 'setMode' &&
      fields(output).phase === (kind === 'missing' ? 'Other' : 'CableCheck'),
  },
  {
    what: 'the boot does not wait for a meter that is not connected',
    why: 'defect 24',
    allows: ({ kind, output }, { trace, recorded, ours }) =>
      trace.boot_recorded === true &&
      !trace.peers.includes('meter') &&
      (output.channel === 'evse:limits' ||
        output.channel === 'energy_grid:energy_flow_request' ||
        (kind === 'extra' ? recorded : ours).some(
          (other) => sameCall(other, output) && within(other.at, output.at, 5100),
        )),
  },
  {
    what: 'withdrawing a permission that is withdrawn already',
    why: 'changes nothing; decision 5 withdraws earlier, defect 2 repeats',
    allows: ({ kind, output }, { recorded, ours }) => {
      if (output.name !== 'allow_power_on' || JSON.stringify(output.content).includes('true')) return false;
      const stream = kind === 'missing' ? recorded : ours;
      const before = stream.filter(
        (other) => other.name === 'allow_power_on' && other.at <= output.at && other !== output,
      );
      return before.length === 0 || !JSON.stringify(before.at(-1)?.content).includes('true');
    },
  },
  {
    what: 'relays do not close again for a cable check that the EV has not asked for',
    why: 'Safety row of 4.3, 3.3: permission of the stack is forgotten on every stop',
    allows: ({ kind, output }, { trace, recorded }) => {
      if (kind !== 'missing' || output.name !== 'allow_power_on') return false;
      const stopped = recorded
        .filter((other) => eventOf(other) === 'StoppingCharging' && other.at < output.at)
        .at(-1)?.at;
      if (stopped === undefined) return false;
      return !inputs(trace, 'start_cable_check').some((at) => at > stopped && at < output.at);
    },
  },
  {
    what: 'state F and X1 after a session whose own errors are cleared, and a second set of calls for the EV that left',
    why: 'recordings: a race of the reference (README, tolerances)',
    allows: ({ output }, context) =>
      (sessionOver(context.recorded, output.at) || sessionOver(context.ours, output.at)) &&
      afterErrorChange(context, output.at) &&
      (['cp_state_F', 'cp_state_X1'].includes(output.name) ||
        ['leave_bcd', 'reset', 'reset_over_voltage_error'].includes(output.name) ||
        call(output, 'ovm', 'stop')),
  },
  {
    what: 'in a fault without high level communication: state F for 300 ms, then X1, once the relays are open',
    why: 'defect 17',
    allows: ({ output }, context) =>
      context.trace.mode === 'AC' &&
      (output.name === 'cp_state_F' || output.name === 'cp_state_X1') &&
      context.ours.some(
        (other) =>
          eventOf(other) === 'ChargingPausedEVSE' &&
          output.at - other.at >= -1 &&
          output.at - other.at <= 310,
      ),
  },
  {
    what: 'the stack is answered after the transaction was started and without blocking errors only',
    why: 'defect 14',
    allows: ({ kind, output }, { recorded }) => {
      if (kind !== 'missing' || output.name !== 'authorization_response') return false;
      const event = lastEvent(recorded, output.at + 1);
      return !recorded.some(
        (other) =>
          eventOf(other) === 'TransactionStarted' &&
          Math.abs(other.at - output.at) < 160 &&
          event !== undefined,
      );
    },
  },
  {
    what: 'a failed cable check is reported once',
    why: 'reported up to three times there (4.3)',
    allows: ({ kind, output }, { recorded }) =>
      kind === 'missing' &&
      call(output, 'hlc.cable_check_finished', 'cable_check_finished', { status: false }) &&
      recorded.filter((other) => other.name === output.name && within(other.at, output.at, 5)).length > 1,
  },
  {
    what: 'a requested stop of a cable check ends it at once: no further test, no fault',
    why: 'defect of 4.3 (waits do not look at the session); procedures are cancellable',
    allows: ({ kind, output }, { recorded, trace }) => {
      const stop = recorded
        .filter((other) => eventOf(other) === 'StoppingCharging' && other.at <= output.at + 60)
        .at(-1)?.at;
      const begin = inputs(trace, 'start_cable_check')
        .filter((at) => at <= output.at)
        .at(-1);
      if (stop === undefined || begin === undefined || begin > stop || output.at - stop > 1700) return false;
      const ended = recorded.some(
        (other) => other.name === 'cable_check_finished' && other.at > begin && other.at < stop - 5,
      );
      if (ended) return false;
      const mrec11 = output.channel.startsWith('errors') && JSON.stringify(output).includes('MREC11');
      const refresh = output.channel === 'errors Inoperative' && kind === 'missing';
      return (
        ['cable_check_finished', 'start', 'stop'].includes(output.name) ||
        (kind === 'missing' && (mrec11 || refresh))
      );
    },
  },
  {
    what: 'withdrawing an authorisation while its transaction runs is not announced',
    why: 'defect 11',
    allows: ({ kind, output }, { recorded }) =>
      kind === 'missing' &&
      eventOf(output) === 'Deauthorized' &&
      recorded.filter((other) => eventOf(other) === 'TransactionStarted' && other.at < output.at).length >
        recorded.filter((other) => eventOf(other) === 'TransactionFinished' && other.at < output.at).length,
  },
  {
    what: 'targets are clamped and published when a limit changes, not at the next request or after 5 s',
    why: 'defect 22b, Safety row of 5.4',
    allows: ({ kind, output }, { recorded, ours }) => {
      if (output.channel !== 'evse:ev_info') return false;
      const limits = (kind === 'extra' ? ours : recorded).filter(
        (other) => other.name === 'update_dc_maximum_limits' || other.name === 'set_external_derating',
      );
      return kind === 'extra'
        ? limits.some((other) => within(other.at, output.at, 10))
        : limits.some((other) => other.at < output.at && output.at - other.at < 5200);
    },
  },
  {
    what: 'the token without content after a token from SLAC is not published',
    why: 'correction of 2.5: do not copy',
    allows: ({ kind, output }) =>
      kind === 'missing' &&
      output.name === 'provided_token' &&
      ((fields(output).id_token as Fields | undefined)?.value ?? '') === '',
  },
  {
    what: 'the stored transaction is read once at the boot',
    why: 'read twice there; nothing depends on it',
    allows: ({ kind, output }) => kind === 'missing' && call(output, 'store', 'load'),
  },
  {
    what: 'no energy transfer modes are published when there are none',
    why: 'an empty list breaks the interface',
    allows: ({ kind, output }) =>
      kind === 'missing' &&
      output.name === 'supported_energy_transfer_modes' &&
      Array.isArray(output.content) &&
      output.content.length === 0,
  },
  {
    what: 'an energy request that falls between the tick of the reference and ours',
    why: 'recordings: sampled each second, states change within 0 to 100 ms',
    allows: ({ output }, context) => {
      const { recorded, ours } = context;
      if (output.channel !== 'energy_grid:energy_flow_request') return false;
      const near = (events: readonly Output[], ms: number): boolean =>
        events.some((other) => eventOf(other) !== undefined && within(other.at, output.at, ms));
      const shifted = inputsNear(recorded, ours, output.at);
      const repeatedEntry = context.recorded.some(
        (other) =>
          other.channel === 'errors Inoperative' && other.at < output.at && output.at - other.at < 1200,
      );
      return near(recorded, 560) || near(ours, 160) || shifted || repeatedEntry;
    },
  },
];

/** Both sides made another request about then: the same one, sampled at another time. */
function inputsNear(recorded: readonly Output[], ours: readonly Output[], at: number): boolean {
  const requests = (outputs: readonly Output[]): number =>
    outputs.filter(
      (other) => other.channel === 'energy_grid:energy_flow_request' && within(other.at, at, 1150),
    ).length;
  return requests(recorded) > 0 && requests(ours) > 0 && requests(recorded) === requests(ours);
}

/** Values of the recordings that break an interface or are corrected, as they have to be. */
export function corrected(outputs: readonly Output[]): Output[] {
  let resumed: Value = null;
  return outputs.map((output) => {
    if (output.channel === 'energy_grid:energy_flow_request')
      return { ...output, content: withoutZeroPhases(output.content) };
    if (output.channel !== 'evse:session_event') return output;
    const content = { ...fields(output) };
    if (content.event === 'SessionResumed') resumed = content.uuid ?? null;
    // Defect 10: the transaction that a power failure ended keeps its id; every event has its time.
    if (content.event === 'TransactionFinished' && content.uuid === '' && resumed !== null)
      content.uuid = resumed;
    if (content.timestamp === '') content.timestamp = '<ts>';
    return { ...output, content };
  });
}

/** The interface knows 1 to 3 phases. */
function withoutZeroPhases(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutZeroPhases);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => key !== 'ac_number_of_active_phases' || item !== 0)
      .map(([key, item]) => [key, withoutZeroPhases(item)]),
  );
}

const END = ['ChargingFinished', 'TransactionFinished(EVDisconnected)', 'SessionFinished'];
const relays = (event: string): TraceInput => ({ in: 'var', from: 'bsp', name: 'event', v: { event } });

export const DEPARTURES: readonly Departure[] = [
  {
    trace: 'cc-selftest-failed',
    fromMs: 2910,
    toMs: 2930,
    why: 'the EV goes to B while the retry prepares; the reference, blocked by the stack, notices after the link broke',
    events: ['PrepareCharging'],
  },
  {
    trace: 'chg-poweroff',
    fromMs: 5522,
    why: 'defect 21b: relays that fall off while charging are a fault',
    events: ['StoppingCharging', 'ChargingPausedEVSE(Error)', 'StoppingCharging', ...END],
  },
  {
    trace: 'chg-target-at-ev-maximum',
    fromMs: 6697,
    why: 'correction of 4.9: an EV may request exactly its maximum',
    inputs: [[9580, relays('PowerOff')]],
    events: ['StoppingCharging', ...END],
  },
  {
    trace: 'dc-bcb-invalid',
    fromMs: 11800,
    why: 'quirk of 3.6, scenario 31: pulses of the wrong length do not wake the charger',
    events: ['StoppingCharging', ...END],
  },
  {
    trace: 'dc-no-energy-start',
    fromMs: 1505,
    why: 'defect 14: the EV is told after the transaction was started, so that it begins its cable check when it can pass',
    inputs: [],
    events: ['Authorized', 'TransactionStarted', 'PrepareCharging', 'StoppingCharging', ...END],
  },
  {
    trace: 'dc-no-imd',
    fromMs: 1711,
    why: 'defect 4: relays close for precharge, the power supply is switched on',
    events: ['ChargingStarted', 'StoppingCharging', ...END],
  },
  {
    trace: 'dc-no-ovm',
    fromMs: 5534,
    why: 'defect 19, decision 5: the voltage of the power supply is watched too',
    inputs: [[5585, relays('PowerOff')]],
    events: ['StoppingCharging', 'ChargingPausedEVSE(Error)', 'StoppingCharging', ...END],
  },
  {
    trace: 'dc-pause-in-prepare',
    fromMs: 1515,
    why: 'defect 7: a pause acts at once',
    inputs: [[1570, relays('PowerOff')]],
    events: [
      'StoppingCharging',
      'ChargingPausedEVSE(UserPause)',
      'PrepareCharging',
      'StoppingCharging',
      ...END,
    ],
  },
  {
    trace: 'dc-stop-relay-stuck',
    fromMs: 27_500,
    why: 'defect 22: relays that do not open after the hard stop are a fault',
    events: ['ChargingFinished', 'TransactionFinished(Local)', 'SessionFinished'],
  },
  {
    trace: 'dlink-error-pause',
    fromMs: 14_290,
    why: 'defect 7: the pause still stands after the link was restarted',
    events: [
      'PrepareCharging',
      'StoppingCharging',
      'ChargingPausedEVSE(UserPause)',
      'StoppingCharging',
      ...END,
    ],
  },
  ...['en-disable-charging', 'en-disable-waiting', 'en-disable-waiting-f', 'en-disabled-replug'].map(
    (trace) => ({
      trace,
      fromMs:
        { 'en-disable-charging': 7480, 'en-disable-waiting': 3315, 'en-disable-waiting-f': 2515 }[trace] ??
        2815,
      why: 'quirk of section 9 (defect 12), scenario 85: an EV that is there when the EVSE is enabled is noticed',
      events: ['Enabled', 'SessionStarted(EVConnected)', 'AuthRequired', 'SessionFinished'],
    }),
  ),
  {
    trace: 'en-repeat-disable',
    fromMs: 1000,
    why: 'defect 22c: a repeated disable changes nothing',
    inputs: [[8036, relays('B')]],
    events: ['Enabled', 'SessionStarted(EVConnected)', 'AuthRequired', 'SessionFinished'],
  },
  { trace: 'en-table', fromMs: 500, toMs: 1040, why: 'defect 22c: as above', events: ['Enabled'] },
  {
    trace: 'eng-expiry-dc',
    fromMs: 8520,
    why: 'defect 3: without a grant in time there is no power in DC either',
    events: ['StoppingCharging', ...END],
  },
  {
    trace: 'err-clear-before-open',
    fromMs: 5520,
    why: 'Safety row of 4.11: an error acts at once, not at the next tick',
    inputs: [[5571, relays('PowerOff')]],
    events: ['StoppingCharging', 'ChargingPausedEV', 'StoppingCharging', ...END],
  },
  {
    trace: 'met-slow',
    fromMs: 1513,
    why: 'defect 14: the EV is told after the transaction was started',
    inputs: [],
    events: [
      'Authorized',
      'TransactionStarted',
      'PrepareCharging',
      'StoppingCharging',
      'ChargingFinished',
      'TransactionFinished(Local)',
      'SessionFinished',
    ],
  },
  {
    trace: 'withdraw-authorised-plugged',
    fromMs: 2005,
    why: 'defect 11: the session stays open until the EV is unplugged',
    events: ['Deauthorized', 'SessionFinished'],
  },
];

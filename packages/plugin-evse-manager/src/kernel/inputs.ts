// SPDX-License-Identifier: Apache-2.0
import type { ActiveError, ErrorSource } from '../errors/blocking.js';
import type {
  BspEvent,
  Capabilities,
  HardwareCapabilities,
  IsolationMeasurement,
  Powermeter,
  ProximityPilot,
  StopTransactionRequest,
  VoltageCurrent,
} from '../interface-types.js';
import { newAutochargeToken } from '../session/autocharge.js';
import { isLinkFault } from '../device-memory.js';
import type { Kernel } from './kernel.js';

/** Devices that are told which state to be in. */
const PEERS = [
  ...(['bsp', 'connector_lock', 'slac', 'hlc', 'imd'] as const),
  ...(['over_voltage_monitor', 'powersupply_DC'] as const),
];

/** What devices report, except for high level communication. Every method may be called at any time. */
export class DeviceInputs {
  constructor(private readonly kernel: Kernel) {}

  boardEvent({ event }: BspEvent): void {
    const { kernel } = this;
    kernel.handle(() => {
      kernel.sessionLog.note('bsp', 'evse', event);
      if (event === 'PowerOn') kernel.pilot.relays(true);
      else if (event === 'PowerOff') kernel.pilot.relays(false);
      else kernel.pilot.level(event);
    });
  }

  boardCapabilities(capabilities: HardwareCapabilities): void {
    this.kernel.handle(() => this.kernel.energy.setHardware(capabilities));
  }

  boardAmpacity({ ampacity }: ProximityPilot): void {
    this.kernel.handle(() => this.kernel.energy.setAmpacity(ampacity));
  }

  boardPhases(phases: number): void {
    this.kernel.handle(() => {
      this.kernel.energy.activePhases = phases;
      this.kernel.energy.publishLimits();
    });
  }

  boardStopRequest(request: StopTransactionRequest): void {
    this.kernel.handle(() => {
      this.kernel.authorisation.stop(request);
    });
  }

  supplyCapabilities(capabilities: Capabilities): void {
    this.kernel.handle(() => this.kernel.dcSession.grants.capabilities(capabilities));
  }

  supplyMeasurement(value: VoltageCurrent): void {
    this.kernel.handle(() => this.kernel.dcSession.measured(value));
  }

  isolation(sample: IsolationMeasurement): void {
    this.kernel.handle(() => this.kernel.dcSession.isolation(sample));
  }

  isolationSelfTest(ok: boolean): void {
    this.kernel.handle(() => this.kernel.dcSession.selfTestResult(ok));
  }

  outputVoltage(voltageV: number): void {
    this.kernel.handle(() => this.kernel.dcSession.supervision.voltage('overVoltageMonitor', voltageV));
  }

  meter(side: 'car' | 'grid', value: Powermeter): void {
    const { kernel } = this;
    kernel.handle(() => {
      kernel.meters[side] = value;
      if (kernel.billingMeter !== side) return;
      kernel.ports.publish('evse', 'powermeter', value);
      if (kernel.hlc.present) {
        kernel.ports.send('hlc', 'update_meter_info', { powermeter: value });
        if (kernel.charger.memory.d20 && value.power_W !== undefined) {
          kernel.ports.send('hlc', 'update_ac_present_power', { present_power: value.power_W });
        }
      }
      if (kernel.dc && value.voltage_V?.DC !== undefined)
        kernel.dcSession.supervision.voltage('meter', value.voltage_V.DC);
      kernel.meterSeen();
    });
  }

  meterPublicKey(key: string): void {
    this.kernel.ports.publish('evse', 'powermeter_public_key_ocmf', key);
  }

  slacState(state: 'UNMATCHED' | 'MATCHING' | 'MATCHED'): void {
    this.kernel.handle(() => {
      this.kernel.slacState = state;
    });
  }

  slacReady(ready: boolean): void {
    this.kernel.handle(() => {
      if (this.kernel.hlc.present) this.kernel.ports.send('hlc', 'dlink_ready', { value: ready });
    });
  }

  slacMacAddress(address: string): void {
    const { kernel } = this;
    kernel.handle(() => {
      const { enable_autocharge, autocharge_use_slac_instead_of_hlc, connector_id } = kernel.config;
      if (!enable_autocharge || !autocharge_use_slac_instead_of_hlc) return;
      kernel.ports.publish('token_provider', 'provided_token', newAutochargeToken(address, connector_id));
    });
  }

  /** SLAC asks for the retry of ISO 15118-3: state F for 4 s. */
  slacErrorRoutine(): void {
    const { kernel } = this;
    kernel.handle(() => {
      const { state } = kernel.charger;
      if (state !== 'WaitingForAuthentication' && state !== 'PrepareCharging') return;
      kernel.ports.send('slac', 'reset', { enable: false });
      kernel.charger.step('StepEF', [{ to: state, signal: 'before' }]);
    });
  }

  errorRaised(source: ErrorSource, error: ActiveError): void {
    this.kernel.handle(() => this.kernel.errors.deviceRaised(source, error));
  }

  errorCleared(source: ErrorSource, error: Pick<ActiveError, 'type' | 'subType'>): void {
    const { kernel } = this;
    kernel.handle(() => {
      const peer = PEERS.find((name) => name === source);
      if (peer !== undefined && isLinkFault(error.subType)) kernel.ports.remind(peer);
      kernel.errors.deviceCleared(source, error);
    });
  }
}

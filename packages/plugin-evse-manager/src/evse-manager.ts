// SPDX-License-Identifier: Apache-2.0
import type { RaisedError, Subscription } from '@carabiner/core';
import type { ErrorSource } from './errors/blocking.js';
import {
  EvseManagerBase,
  type EvseManagerContext,
  type EvseManagerImplementations,
} from './generated/EvseManager.js';
import { Boot } from './kernel/boot.js';
import { EvseCommands } from './kernel/commands.js';
import { HlcInputs } from './kernel/hlc-inputs.js';
import { DeviceInputs } from './kernel/inputs.js';
import { Kernel } from './kernel/kernel.js';
import { connectPorts } from './module-ports.js';

/** The charging mode needs a device that is not connected. */
export class MissingDeviceError extends Error {
  /** Stable code of this error. */
  readonly code = 'EVSE_MISSING_DEVICE';
  override readonly name = 'MissingDeviceError';

  constructor(readonly missing: readonly string[]) {
    super(
      `charge_mode DC needs connections for ${missing.join(', ')}; connect them or set charge_mode to AC`,
    );
  }
}

/** Anything whose errors can be watched. */
interface Watched {
  readonly errors: {
    subscribe(
      type: '*',
      handlers: { raised: (error: RaisedError) => void; cleared: (error: RaisedError) => void },
    ): Subscription;
    readonly active: readonly RaisedError[];
  };
}

/** Module EvseManager: the charging kernel of one connector, joined to its peers. */
export class EvseManager extends EvseManagerBase {
  readonly #kernel: Kernel;
  readonly #boot: Boot;
  readonly #commands: EvseCommands;
  readonly #devices: DeviceInputs;
  readonly #stack: HlcInputs;
  override readonly implementations: EvseManagerImplementations;

  constructor(context: EvseManagerContext) {
    super(context);
    this.#kernel = new Kernel({
      moduleId: this.info.id,
      config: this.config,
      clock: this.clock,
      log: this.log,
      ports: connectPorts(this.requires, this.provides, this.log, this.clock),
    });
    this.#boot = new Boot(this.#kernel);
    this.#commands = new EvseCommands(this.#kernel, this.#boot);
    this.#devices = new DeviceInputs(this.#kernel);
    this.#stack = new HlcInputs(this.#kernel);
    this.implementations = this.#implement();
  }

  override init(): void {
    this.#requireDevices();
    this.#watchErrors();
    this.#watchDevices();
    this.#watchSupply();
    this.#watchStack();
  }

  override ready(): void {
    this.#boot.begin();
    void this.#boot.finish().catch((error: unknown) => {
      this.log.error('start-up failed', { error: error instanceof Error ? error.message : String(error) });
    });
  }

  override shutdown(): void {
    this.#kernel.stop();
  }

  #requireDevices(): void {
    if (this.config.charge_mode !== 'DC') return;
    const needed = ['slac', 'hlc', 'powersupply_DC'] as const;
    const missing = needed.filter((name) => this.requires[name] === undefined);
    if (missing.length > 0) throw new MissingDeviceError(missing);
  }

  #watchErrors(): void {
    const { requires } = this;
    const meter = requires.powermeter_car_side ?? requires.powermeter_grid_side;
    const sources: [ErrorSource, Watched | undefined][] = [
      ['bsp', requires.bsp],
      ['connector_lock', requires.connector_lock],
      ['ac_rcd', requires.ac_rcd],
      ['imd', requires.imd],
      ['powersupply_DC', requires.powersupply_DC],
      ['powermeter', meter],
      ['slac', requires.slac],
      ['hlc', requires.hlc],
      ['over_voltage_monitor', requires.over_voltage_monitor],
    ];
    for (const [source, peer] of sources) {
      const raised = (error: RaisedError): void =>
        this.#devices.errorRaised(source, {
          type: error.type,
          subType: error.sub_type,
          severity: error.severity,
          description: error.description,
          vendorId: error.vendor_id,
        });
      peer?.errors.subscribe('*', {
        raised,
        cleared: (error) => this.#devices.errorCleared(source, { type: error.type, subType: error.sub_type }),
      });
      peer?.errors.active.forEach(raised);
    }
  }

  #watchDevices(): void {
    const { requires } = this;
    const devices = this.#devices;
    requires.bsp.subscribe.event((value) => devices.boardEvent(value));
    requires.bsp.subscribe.capabilities((value) => devices.boardCapabilities(value));
    requires.bsp.subscribe.ac_pp_ampacity((value) => devices.boardAmpacity(value));
    requires.bsp.subscribe.ac_nr_of_phases_available((value) => devices.boardPhases(value));
    requires.bsp.subscribe.request_stop_transaction((value) => devices.boardStopRequest(value));
    requires.bsp.subscribe.telemetry((value) => this.provides.evse.publish.telemetry(value));
    requires.powermeter_car_side?.subscribe.powermeter((value) => devices.meter('car', value));
    requires.powermeter_grid_side?.subscribe.powermeter((value) => devices.meter('grid', value));
    const billing = requires.powermeter_car_side ?? requires.powermeter_grid_side;
    billing?.subscribe.public_key_ocmf((value) => devices.meterPublicKey(value));
    requires.slac?.subscribe.state((value) => devices.slacState(value));
    requires.slac?.subscribe.dlink_ready((value) => devices.slacReady(value));
    requires.slac?.subscribe.request_error_routine(() => devices.slacErrorRoutine());
    requires.slac?.subscribe.ev_mac_address((value) => devices.slacMacAddress(value));
  }

  #watchSupply(): void {
    const { requires } = this;
    const devices = this.#devices;
    if (this.config.charge_mode !== 'DC') return;
    requires.powersupply_DC?.subscribe.capabilities((value) => devices.supplyCapabilities(value));
    requires.powersupply_DC?.subscribe.voltage_current((value) => devices.supplyMeasurement(value));
    requires.imd?.subscribe.isolation_measurement((value) => devices.isolation(value));
    requires.imd?.subscribe.self_test_result((value) => devices.isolationSelfTest(value));
    requires.over_voltage_monitor?.subscribe.voltage_measurement_V((value) => devices.outputVoltage(value));
  }

  #watchStack(): void {
    const on = this.requires.hlc?.subscribe;
    if (on === undefined || !this.#kernel.hlc.present) return;
    const stack = this.#stack;
    on.require_auth_eim(() => stack.requireExternal());
    on.require_auth_pnc((token) => stack.requireContract(token));
    on.evcc_id((address) => stack.evccId(address));
    on.start_cable_check(() => stack.startCableCheck());
    on.start_pre_charge(() => stack.startPreCharge());
    on.v2g_setup_finished(() => stack.setUpFinished());
    on.current_demand_started(() => stack.currentDemandStarted());
    on.current_demand_finished(() => stack.currentDemandFinished());
    on.dc_open_contactor(() => stack.dcOpenContactor());
    on.ac_close_contactor(() => stack.acCloseContactor());
    on.ac_open_contactor(() => stack.acOpenContactor());
    on.dc_ev_target_voltage_current((values) => stack.target(values));
    on.d20_dc_dynamic_charge_mode((values) => stack.dynamicMode(values));
    on.dc_ev_maximum_limits((limits) => stack.maximumLimits(limits));
    on.dc_ev_status((status) => stack.status(status));
    on.sae_bidi_mode_active(() => stack.saeActive());
    on.selected_service_parameters((service) => stack.selectedService(service));
    on.selected_protocol((protocol) => stack.selectedProtocol(protocol));
    on.hlc_session_failed((reason) => stack.sessionFailed(reason));
    on.dlink_terminate(() => stack.linkTerminated());
    on.dlink_pause(() => stack.linkPaused());
    on.dlink_error(() => stack.linkFailed());
    on.dc_ev_remaining_time((time) => stack.remainingTime(time));
    on.dc_ev_energy_capacity((value) => stack.info({ battery_capacity: value }));
    on.dc_ev_energy_request((value) => stack.info({ remaining_energy_needed: value }));
    on.dc_full_soc((value) => stack.info({ battery_full_soc: value }));
    on.dc_bulk_soc((value) => stack.info({ battery_bulk_soc: value }));
    on.departure_time((value) => stack.info({ departure_time: value }));
    on.ac_eamount((value) => stack.info({ remaining_energy_needed: value }));
    on.ac_ev_max_voltage((value) => stack.info({ maximum_voltage_limit: value }));
    on.ac_ev_max_current((value) => stack.info({ maximum_current_limit: value }));
    on.ac_ev_min_current((value) => stack.info({ minimum_current_limit: value }));
    on.ac_ev_power_limits((limits) => stack.acPowerLimits(limits));
    on.ac_ev_present_powers((powers) => stack.acPresentPowers(powers));
    if (this.config.session_logging_xml) on.v2g_messages((message) => stack.message(message));
  }

  #implement(): EvseManagerImplementations {
    const commands = this.#commands;
    const kernel = this.#kernel;
    const { randomDelay } = kernel.energy;
    return {
      evse: {
        get_evse: () => commands.getEvse(),
        enable_disable: async ({ connector_id, cmd_source }) =>
          await commands.enableDisable(connector_id, cmd_source),
        authorize_response: async ({ provided_token, validation_result }) =>
          await commands.authorizeResponse(provided_token, validation_result),
        withdraw_authorization: async () => await commands.withdrawAuthorization(),
        reserve: async ({ reservation_id }) => await commands.reserve(reservation_id),
        cancel_reservation: async () => await commands.cancelReservation(),
        pause_charging: async () => await commands.pauseCharging(),
        resume_charging: async () => await commands.resumeCharging(),
        stop_transaction: async ({ request }) => await commands.stopTransaction(request),
        force_unlock: async () => await commands.forceUnlock(),
        external_ready_to_start_charging: () => commands.externalReady(),
        set_plug_and_charge_configuration: async ({ plug_and_charge_configuration }) =>
          await commands.configurePlugAndCharge(plug_and_charge_configuration),
        update_allowed_energy_transfer_modes: async ({ allowed_energy_transfer_modes }) =>
          await commands.allowTransferModes(allowed_energy_transfer_modes),
        set_der_available: async ({ available }) => await commands.setDerAvailable(available),
      },
      energy_grid: {
        enforce_limits: async ({ value }) => await kernel.command(() => kernel.energy.enforce(value)),
      },
      token_provider: {},
      random_delay: {
        enable: async () => await kernel.command(() => randomDelay.enable()),
        disable: async () => await kernel.command(() => randomDelay.disable()),
        cancel: async () => await kernel.command(() => randomDelay.cancel()),
        set_duration_s: async ({ value }) =>
          await kernel.command(() => {
            randomDelay.maximumS = value;
          }),
      },
      dc_external_derate: {
        set_external_derating: async ({ derate }) =>
          await kernel.command(() => kernel.dcSession.grants.setDerating(derate)),
      },
    };
  }
}

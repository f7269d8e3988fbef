// SPDX-License-Identifier: Apache-2.0
import { withTimeout } from '@carabiner/clock';
import type { Kernel } from './kernel.js';
import { switchOffUnseen } from './shutdown.js';

/** A limit of zero counts for so long after the boot, in s. */
const FIRST_LIMIT_S = 120;

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Brings the EVSE from start-up to readiness. */
export class Boot {
  #externalReady: (() => void) | undefined;
  #externallyReady = false;

  constructor(private readonly kernel: Kernel) {}

  /** Prepares the stack and the devices, then asks for energy. Synchronous: before anybody can call. */
  begin(): void {
    const { kernel } = this;
    kernel.queue.run(() => {
      this.#prepareStack();
      kernel.ports.publish('evse', 'evse_id', kernel.config.evse_id);
      kernel.energy.request(true);
      kernel.energy.request(false);
      kernel.startTimers();
    });
  }

  /** Waits for the meter, closes what a power failure left open, waits for permission, begins to work. */
  async finish(): Promise<void> {
    const { kernel } = this;
    await this.#firstMeterValue();
    await this.#recover();
    kernel.queue.run(() => {
      kernel.limitSet = true;
      kernel.energy.setLimit(0, FIRST_LIMIT_S);
      kernel.ports.publish(
        'evse',
        'waiting_for_external_ready',
        kernel.config.external_ready_to_start_charging,
      );
    });
    if (!kernel.config.external_ready_to_start_charging) {
      this.#start();
      return;
    }
    this.#externalReady = () => this.#start();
    if (this.#externallyReady) this.#start();
  }

  /** The command that lets an EVSE begin that waits for it. @returns false when it does not wait */
  externalReady(): boolean {
    const { kernel } = this;
    if (!kernel.config.external_ready_to_start_charging) return false;
    if (this.#externallyReady) {
      kernel.log.warn('external readiness was told before');
      return true;
    }
    this.#externallyReady = true;
    this.#externalReady?.();
    return true;
  }

  #prepareStack(): void {
    const { kernel } = this;
    const { ports, config } = kernel;
    kernel.hlc.setUpSession('configured');
    if (kernel.dc) {
      kernel.dcSession.grants.sendParameters();
      kernel.dcSession.sendPresent({ voltage_V: 0, current_A: 0 });
      if (kernel.connected.imd) ports.send('imd', 'stop', {});
      if (kernel.connected.over_voltage_monitor) ports.send('over_voltage_monitor', 'stop', {});
    } else if (kernel.hlc.present) {
      ports.send('hlc', 'set_charging_parameters', {
        physical_values: { ac_nominal_voltage: config.ac_nominal_voltage },
      });
    }
    if (kernel.hlc.present) {
      ports.send('hlc', 'receipt_is_required', { receipt_required: config.ev_receipt_required });
      ports.send('hlc', 'setup', {
        evse_id: { evse_id: config.evse_id, evse_id_din: config.evse_id_din },
        sae_j2847_mode: config.sae_j2847_2_bpt_enabled ? config.sae_j2847_2_bpt_mode : 'None',
        debug_mode: config.session_logging,
      });
    }
    kernel.publishTransferModes(true);
    if (!kernel.hlc.present) return;
    const { bpt_channel, bpt_generator_mode, bpt_grid_code_island_method } = config;
    if (bpt_channel !== 'None' && bpt_generator_mode !== 'None') {
      ports.send('hlc', 'bpt_setup', {
        bpt_config: {
          bpt_channel,
          generator_mode: bpt_generator_mode,
          ...(bpt_grid_code_island_method === 'None'
            ? {}
            : { grid_code_detection: bpt_grid_code_island_method }),
        },
      });
    }
    ports.send('hlc', 'reset_error', {});
  }

  async #firstMeterValue(): Promise<void> {
    const { kernel } = this;
    const timeoutMs = kernel.config.initial_meter_value_timeout_ms;
    const meter = kernel.billingMeter;
    if (meter === undefined || timeoutMs <= 0 || kernel.meters[meter] !== undefined) return;
    const seen = new Promise<void>((resolve) => kernel.onMeter(resolve));
    await withTimeout(kernel.clock, seen, timeoutMs, 'first value of the billing meter').catch(
      (error: unknown) => kernel.log.warn('billing meter is silent', { error: text(error) }),
    );
  }

  /**
   * Closes a transaction that was open when the power failed: once, with its own id and the meter's record. The
   * stored id is cleared last, so that another failure before does not lose it.
   */
  async #recover(): Promise<void> {
    const { kernel } = this;
    const id = kernel.connected.store ? await kernel.stored.read() : '';
    if (id !== '') {
      kernel.queue.run(() => {
        switchOffUnseen(kernel);
        kernel.events.emit('SessionResumed', {}, id);
      });
      const record = await this.#stopMeter(id);
      kernel.queue.run(() =>
        kernel.events.transactionFinished(
          {
            reason: 'PowerLoss',
            signedStart: record?.start_signed_meter_value,
            signedStop: record?.signed_meter_value,
          },
          id,
        ),
      );
      void kernel.stored.forget();
    }
    if (kernel.billingMeter !== undefined) await this.#stopMeter('');
  }

  async #stopMeter(id: string): Promise<Awaited<ReturnType<Kernel['ports']['stopTransaction']>> | undefined> {
    const { kernel } = this;
    if (kernel.billingMeter === undefined) return undefined;
    try {
      const answer = await kernel.ports.stopTransaction(id);
      if (answer.status === 'OK') return answer;
      kernel.log.warn('meter did not stop the transaction', { status: answer.status, error: answer.error });
    } catch (error) {
      kernel.log.warn('meter did not answer', { error: text(error) });
    }
    return undefined;
  }

  #start(): void {
    const { kernel } = this;
    kernel.handle(() => {
      kernel.publishTransferModes(true);
      const disabled = kernel.charger.memory.disableRequested;
      if (disabled) kernel.begin();
      else kernel.authorisation.emitEnabled('Enabled');
      kernel.enable.set({
        enable_source: 'Unspecified',
        enable_state: disabled ? 'Disable' : 'Enable',
        enable_priority: 10_000,
      });
      kernel.ports.publish('evse', 'ready', true);
      if (!disabled) kernel.begin();
      kernel.energy.repeat();
    });
  }
}

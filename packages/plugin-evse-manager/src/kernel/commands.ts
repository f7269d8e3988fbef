// SPDX-License-Identifier: Apache-2.0
import { ConnectorTypeEnum } from '@carabiner/interfaces/types/evse_manager';
import type {
  EnableDisableSource,
  EnergyTransferMode,
  Evse,
  PlugAndChargeConfiguration,
  ProvidedIdToken,
  SetDerAvailableResult,
  StopTransactionRequest,
  UpdateAllowedEnergyTransferModesResult,
  ValidationResult,
} from '../interface-types.js';
import type { Boot } from './boot.js';
import type { Kernel } from './kernel.js';

const MCS_FOR: Partial<Record<EnergyTransferMode, EnergyTransferMode>> = { DC: 'MCS', DC_BPT: 'MCS_BPT' };

function connectorType(name: string): ConnectorTypeEnum | undefined {
  return (Object.values(ConnectorTypeEnum) as string[]).includes(name)
    ? (name as ConnectorTypeEnum)
    : undefined;
}

/** Commands of the EVSE. */
export class EvseCommands {
  constructor(
    private readonly kernel: Kernel,
    private readonly boot: Boot,
  ) {}

  getEvse(): Evse {
    const { connector_id, connector_type } = this.kernel.config;
    const type = connectorType(connector_type);
    return { id: connector_id, connectors: [{ id: 1, ...(type === undefined ? {} : { type }) }] };
  }

  /** @returns true when the EVSE is enabled now, whoever decided that */
  async enableDisable(connectorId: number, source: EnableDisableSource): Promise<boolean> {
    const { kernel } = this;
    return await kernel.command(() => {
      const { memory } = kernel.charger;
      const before = kernel.enable.enabled;
      kernel.enable.set(source);
      kernel.lastConnectorId = connectorId;
      const { enabled } = kernel.enable;
      if (connectorId !== 0) kernel.connectorEnabled = enabled;
      if (enabled && kernel.connectorEnabled) {
        memory.disableRequested = false;
        if (kernel.session.stopReason === 'EVSEDisabled') kernel.session.stopReason = undefined;
        if (kernel.charger.state === 'Disabled') this.#leaveDisabled(before !== enabled);
        else if (before !== enabled && kernel.running) kernel.authorisation.emitEnabled('Enabled');
      } else if (enabled !== before && enabled) {
        kernel.authorisation.emitEnabled('Enabled');
      } else if (enabled !== before) {
        memory.disableRequested = true;
        if (kernel.session.hasTransaction) kernel.session.stopReason = 'EVSEDisabled';
      }
      return enabled;
    });
  }

  async authorizeResponse(token: ProvidedIdToken, result: ValidationResult): Promise<void> {
    await this.kernel.command(() => this.kernel.authorisation.respond(token, result));
  }

  async withdrawAuthorization(): Promise<void> {
    await this.kernel.command(() => this.kernel.authorisation.withdraw());
  }

  async reserve(id: number): Promise<boolean> {
    return await this.kernel.command(() => this.kernel.authorisation.reserve(id));
  }

  async cancelReservation(): Promise<void> {
    await this.kernel.command(() => this.kernel.authorisation.endReservation());
  }

  /** @returns true when there is a transaction to pause */
  async pauseCharging(): Promise<boolean> {
    return await this.#setPause(true);
  }

  async resumeCharging(): Promise<boolean> {
    return await this.#setPause(false);
  }

  async stopTransaction(request: StopTransactionRequest): Promise<boolean> {
    return await this.kernel.command(() => this.kernel.authorisation.stop(request));
  }

  async forceUnlock(): Promise<boolean> {
    const { kernel } = this;
    return await kernel.command(() => {
      if (!kernel.connected.connector_lock) return false;
      kernel.authorisation.stop({ reason: 'UnlockCommand' });
      kernel.pilot.step({ type: 'forceUnlock' });
      return true;
    });
  }

  externalReady(): boolean {
    return this.boot.externalReady();
  }

  async configurePlugAndCharge(change: PlugAndChargeConfiguration): Promise<void> {
    const { payment } = this.kernel.hlc;
    await this.kernel.command(() => {
      payment.contract = change.pnc_enabled ?? payment.contract;
      payment.centralValidation = change.central_contract_validation_allowed ?? payment.centralValidation;
      payment.certificateInstallation =
        change.contract_certificate_installation_enabled ?? payment.certificateInstallation;
    });
  }

  async allowTransferModes(
    modes: readonly EnergyTransferMode[],
  ): Promise<UpdateAllowedEnergyTransferModesResult> {
    const { kernel } = this;
    return await kernel.command(() => {
      if (!kernel.hlc.present) return 'NoHlc';
      const mcs = kernel.config.connector_type === 'cMCS';
      const allowed = modes.map((mode) => (mcs ? (MCS_FOR[mode] ?? mode) : mode));
      const fitting = allowed.filter((mode) => isDcMode(mode) === kernel.dc);
      if (fitting.length === 0) return 'IncompatibleEnergyTransfer';
      kernel.tellTransferModes(fitting);
      return 'Accepted';
    });
  }

  async setDerAvailable(available: boolean): Promise<SetDerAvailableResult> {
    const { kernel } = this;
    return await kernel.command(() => {
      if (!kernel.hlc.present) return 'NoHlc';
      kernel.derAvailable = available;
      kernel.publishTransferModes(false);
      return 'Accepted';
    });
  }

  #leaveDisabled(announce: boolean): void {
    const { kernel } = this;
    if (!kernel.running) return;
    kernel.enableBoard();
    if (announce) kernel.authorisation.emitEnabled('Enabled');
  }

  async #setPause(pause: boolean): Promise<boolean> {
    const { kernel } = this;
    return await kernel.command(() => {
      if (!kernel.session.hasTransaction) return false;
      kernel.session.userPause = pause;
      return true;
    });
  }
}

function isDcMode(mode: EnergyTransferMode): boolean {
  return mode.startsWith('DC') || mode.startsWith('MCS');
}

// SPDX-License-Identifier: Apache-2.0
export type {
  AuthorizationStatus,
  CertificateStatus,
  ProvidedIdToken,
  ValidationResult,
} from '@carabiner/interfaces/types/authorization';
export type { BspEvent, ProximityPilot } from '@carabiner/interfaces/types/board_support_common';
export type { ExternalDerating } from '@carabiner/interfaces/types/dc_external_derate';
export type { EnergyFlowRequest, EnforcedLimits, LimitsReq } from '@carabiner/interfaces/types/energy';
export type { HardwareCapabilities, PowerOnOff } from '@carabiner/interfaces/types/evse_board_support';
export type {
  ConnectorTypeEnum,
  EnableDisableSource,
  EVInfo,
  HlcSessionFailedReasonEnum,
  Evse,
  Limits,
  PlugAndChargeConfiguration,
  SessionEvent,
  SetDerAvailableResult,
  StopTransactionReason,
  StopTransactionRequest,
  UpdateAllowedEnergyTransferModesResult,
} from '@carabiner/interfaces/types/evse_manager';
export type {
  AcEvPowerLimits,
  AcEvPresentPowerValues,
  DcChargeDynamicModeValues,
  DcEvMaximumLimits,
  DcEvRemainingTime,
  DcEvseMaximumLimits,
  DcEvseMinimumLimits,
  DcEvStatus,
  DcEvTargetValues,
  EnergyTransferMode,
  PaymentOption,
  SelectedServiceParameters,
  V2gMessages,
} from '@carabiner/interfaces/types/iso15118';
export type { IsolationMeasurement } from '@carabiner/interfaces/types/isolation_monitor';
export type {
  Capabilities,
  ChargingPhase,
  Mode,
  VoltageCurrent,
} from '@carabiner/interfaces/types/power_supply_DC';
export type {
  OCMFIdentificationType,
  Powermeter,
  TransactionReq,
  TransactionStartResponse,
  TransactionStopResponse,
} from '@carabiner/interfaces/types/powermeter';
export type { SignedMeterValue } from '@carabiner/interfaces/types/units_signed';
import type { BspEvent } from '@carabiner/interfaces/types/board_support_common';
import type { PowerOnOff } from '@carabiner/interfaces/types/evse_board_support';

/** Levels of the control pilot. */
export type CpState = Exclude<BspEvent['event'], 'PowerOn' | 'PowerOff' | 'Disconnected'>;
export type PowerOnReason = PowerOnOff['reason'];

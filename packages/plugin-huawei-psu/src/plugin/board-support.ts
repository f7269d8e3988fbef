// SPDX-License-Identifier: Apache-2.0
import type { EvseBoardSupportClient } from '@carabiner/interfaces/interfaces/evse_board_support';
import { StopReason } from '@carabiner/goose/fusioncharge';
import type { Dispenser, DispenserAlarm } from '../device/dispenser.js';
import type { ConnectorOutput } from './connector-output.js';
import type { ToPowerUnitTopic } from './telemetry-topics.js';

/** Errors that become an alarm of the dispenser while any connector has them. */
const DISPENSER_ALARMS = {
  'evse_board_support/EnclosureOpen': 'doorStatusAlarm',
  'evse_board_support/WaterIngressDetected': 'waterAlarm',
  'evse_board_support/MREC8EmergencyStop': 'epoAlarm',
  'evse_board_support/TiltDetected': 'tiltAlarm',
} as const satisfies Record<string, DispenserAlarm>;

const CONTACTOR_FAULT = 'evse_board_support/MREC17EVSEContactorFault';

/** Errors of a connector that are a reason to stop its charge, the most telling first. */
const STOP_REASONS = {
  'evse_board_support/MREC8EmergencyStop': StopReason.EmergencyStop,
  'evse_board_support/MREC2GroundFailure': StopReason.InsulationFault,
  'evse_board_support/MREC20PartialInsertion': StopReason.ConnectorNotProperlyInserted,
  [CONTACTOR_FAULT]: StopReason.OtherChargerFault,
} as const;

type AlarmError = keyof typeof DISPENSER_ALARMS;
type StopError = keyof typeof STOP_REASONS;

/**
 * Follows the errors of all board supports, from those that are active already.
 *
 * @param changed - called after each change
 */
export function followAlarms(
  boards: readonly EvseBoardSupportClient[],
  dispenser: Dispenser,
  changed: (connector: number) => void,
): void {
  const update = (error: AlarmError): void =>
    dispenser.setAlarm(
      DISPENSER_ALARMS[error],
      boards.some((board) => board.errors.isActive(error)),
    );
  for (const [index, board] of boards.entries()) {
    const connector = index + 1;
    for (const error of Object.keys(DISPENSER_ALARMS) as AlarmError[]) {
      const follow = (): void => {
        update(error);
        changed(connector);
      };
      board.errors.subscribe(error, { raised: follow, cleared: follow });
      update(error);
    }
    const followContactor = (): void => {
      dispenser.setContactorFault(connector, board.errors.isActive(CONTACTOR_FAULT));
      changed(connector);
    };
    board.errors.subscribe(CONTACTOR_FAULT, { raised: followContactor, cleared: followContactor });
    followContactor();
  }
}

/** Follows the errors of one connector that are a reason to stop its charge. */
export function followStopReasons(
  board: EvseBoardSupportClient,
  connector: number,
  dispenser: Dispenser,
): void {
  const errors = Object.keys(STOP_REASONS) as StopError[];
  const update = (): void => {
    const active = errors.find((error) => board.errors.isActive(error));
    dispenser.setFaultReason(connector, active && STOP_REASONS[active]);
  };
  for (const error of errors) board.errors.subscribe(error, { raised: update, cleared: update });
  update();
}

/** Follows plug and contactor of one connector. */
export function followEvents(
  board: EvseBoardSupportClient,
  connector: number,
  dispenser: Dispenser,
  output: ConnectorOutput,
  telemetry: ToPowerUnitTopic,
): void {
  let charging = false;
  board.subscribe.event(({ event }) => {
    telemetry.set({ bsp_event: event });
    switch (event) {
      case 'A':
        output.plug(false);
        break;
      case 'B':
        output.plug(true);
        if (charging) output.vehicleStopped();
        break;
      case 'C':
      case 'D':
        output.plug(true);
        break;
      case 'PowerOn':
      case 'PowerOff':
        dispenser.setContactor(connector, event === 'PowerOn');
        return;
      case 'E':
      case 'F':
      case 'Disconnected':
        return;
    }
    charging = event === 'C' || event === 'D';
  });
}

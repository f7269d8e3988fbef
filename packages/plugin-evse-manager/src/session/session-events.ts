// SPDX-License-Identifier: Apache-2.0
import type {
  Powermeter,
  ProvidedIdToken,
  SessionEvent,
  SignedMeterValue,
  StopTransactionReason,
} from '../interface-types.js';
import type { PauseReason } from '../charger/view.js';
import type { Session } from './session.js';

/** Members beside uuid, timestamp and event. */
export type EventDetails = Omit<SessionEvent, 'uuid' | 'timestamp' | 'event'>;

export type SessionEventName = SessionEvent['event'];

/** After these events the selected protocol is not published. */
const WITHOUT_PROTOCOL: ReadonlySet<SessionEventName> = new Set([
  'SessionStarted',
  'TransactionStarted',
  'TransactionFinished',
  'ChargingPausedEVSE',
  'SessionResumed',
  'ReservationStart',
  'ReservationEnd',
]);

/** What {@link SessionEvents} is made of. */
export interface SessionEventPorts {
  event(event: SessionEvent): void;
  protocol(name: string): void;
  /** Wall-clock time in ms. */
  now(): number;
  meterValue(): Powermeter;
}

/** Publishes session events with the payloads that consumers rely on. */
export class SessionEvents {
  constructor(
    private readonly session: Session,
    private readonly ports: SessionEventPorts,
  ) {}

  emit(event: SessionEventName, details: EventDetails = {}, uuid: string = this.session.id): void {
    const timestamp = new Date(this.ports.now()).toISOString();
    this.ports.event({ uuid, timestamp, event, ...details });
    if (!WITHOUT_PROTOCOL.has(event)) this.ports.protocol(this.session.protocol);
  }

  /** For events that carry the meter value and nothing else. */
  emitWithMeter(
    event: SessionEventName,
    member: 'authorization_event' | 'charging_state_changed_event' | 'session_finished',
  ): void {
    this.emit(event, { [member]: { meter_value: this.ports.meterValue() } });
  }

  sessionStarted(
    reason: 'EVConnected' | 'Authorized',
    token: ProvidedIdToken | undefined,
    reservationId: number | undefined,
    loggingPath: string | undefined,
  ): void {
    this.emit('SessionStarted', {
      session_started: {
        reason,
        meter_value: this.ports.meterValue(),
        ...(token === undefined ? {} : { id_tag: token }),
        ...(reservationId === undefined ? {} : { reservation_id: reservationId }),
        ...(loggingPath === undefined ? {} : { logging_path: loggingPath }),
      },
    });
  }

  transactionStarted(token: ProvidedIdToken, reservationId: number | undefined): void {
    const { signedStart } = this.session;
    this.emit('TransactionStarted', {
      transaction_started: {
        id_tag: token,
        meter_value: this.ports.meterValue(),
        ...(signedStart === undefined ? {} : { signed_meter_value: signedStart }),
        ...(reservationId === undefined ? {} : { reservation_id: reservationId }),
      },
    });
  }

  transactionFinished(
    end: {
      readonly reason: StopTransactionReason;
      readonly token?: ProvidedIdToken | undefined;
      readonly signedStart?: SignedMeterValue | undefined;
      readonly signedStop?: SignedMeterValue | undefined;
    },
    uuid: string = this.session.id,
  ): void {
    this.emit(
      'TransactionFinished',
      {
        transaction_finished: {
          meter_value: this.ports.meterValue(),
          reason: end.reason,
          ...(end.token === undefined ? {} : { id_tag: end.token }),
          ...(end.signedStart === undefined ? {} : { start_signed_meter_value: end.signedStart }),
          ...(end.signedStop === undefined ? {} : { signed_meter_value: end.signedStop }),
        },
      },
      uuid,
    );
  }

  pausedByEvse(reasons: readonly PauseReason[]): void {
    this.emit('ChargingPausedEVSE', {
      charging_paused_evse: { reasons: [...reasons] },
      charging_state_changed_event: { meter_value: this.ports.meterValue() },
    });
  }
}

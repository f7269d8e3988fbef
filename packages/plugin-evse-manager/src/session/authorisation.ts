// SPDX-License-Identifier: Apache-2.0
import type { ProvidedIdToken, StopTransactionRequest, ValidationResult } from '../interface-types.js';
import { NO_EV_LIMITS } from '../dc/set-point.js';
import type { Kernel } from '../kernel/kernel.js';
import { performShutdown } from '../kernel/shutdown.js';
import { newSessionId } from './session-id.js';

/** Token of a session that nobody had to authorise. */
const FREE_SERVICE: ProvidedIdToken = {
  id_token: { value: 'FREESERVICE', type: 'Local' },
  authorization_type: 'RFID',
  prevalidated: true,
};

/** States in which the stack is answered when answers wait for charging. */
const AFTER_STEP: ReadonlySet<string> = new Set(['Charging', 'ChargingPausedEV', 'ChargingPausedEVSE']);

/** Begin and end of sessions, authorisation, reservation, stop requests. */
export class Authorisation {
  constructor(private readonly kernel: Kernel) {}

  startSession(reason: 'EVConnected' | 'Authorized', token?: ProvidedIdToken): void {
    const { kernel } = this;
    kernel.session.begin(newSessionId(kernel.config.session_id_type));
    kernel.evInfo.reset();
    kernel.output.ev = NO_EV_LIMITS;
    kernel.hlc.setUpSession(reason === 'Authorized' ? 'authorisedFirst' : 'configured');
    const reserved = kernel.reservation.id;
    if (reason === 'Authorized') kernel.reservation.end();
    const path = kernel.sessionLog.begin(kernel.session.id);
    kernel.events.sessionStarted(reason, token, reserved, path);
    if (reason === 'EVConnected' && kernel.config.disable_authentication) {
      kernel.handle(() =>
        this.respond(FREE_SERVICE, { authorization_status: 'Accepted', tariff_messages: [] }),
      );
    }
  }

  endSession(): void {
    const { kernel } = this;
    if (!kernel.session.active) return;
    kernel.session.end();
    kernel.hlc.forgetRequest();
    kernel.evInfo.reset();
    kernel.hlc.setUpSession('configured');
    kernel.events.emitWithMeter('SessionFinished', 'session_finished');
    kernel.sessionLog.end();
    kernel.session.id = '';
  }

  /** The answer to a request for authorisation. */
  respond(token: ProvidedIdToken, result: ValidationResult): void {
    const { kernel } = this;
    const contract = token.authorization_type === 'PlugAndCharge';
    if (result.authorization_status !== 'Accepted') {
      if (contract && kernel.hlc.present) {
        kernel.ports.send('hlc', 'authorization_response', {
          authorization_status: result.authorization_status,
          certificate_status: result.certificate_status ?? 'Accepted',
        });
      }
      return;
    }
    if (!contract && kernel.hlc.waitsForContract) return;
    const { disableRequested, carLeft } = kernel.charger.memory;
    if (kernel.session.active && carLeft) {
      kernel.log.warn('authorised after the vehicle has left; the session is about to end, so nobody is');
      return;
    }
    if (kernel.session.cancelled || disableRequested || kernel.charger.state === 'Disabled') return;
    if (!kernel.session.active) this.startSession('Authorized', token);
    kernel.hlc.setUpSession('authorised');
    kernel.events.emitWithMeter('Authorized', 'authorization_event');
    kernel.session.authorise(token, result);
    if (result.reservation_id !== undefined && kernel.charger.state === 'Idle') {
      kernel.reservation.reserve(result.reservation_id);
    }
  }

  /** Tells the stack once the transaction runs and nothing prevents charging. */
  answerStack(): void {
    const { kernel } = this;
    if (kernel.session.transaction !== 'active' || kernel.fatal) return;
    if (kernel.config.dbg_hlc_auth_after_tstep && !AFTER_STEP.has(kernel.charger.state)) return;
    kernel.hlc.answer(kernel.session);
  }

  /** Nobody stands behind this session any more, for example because no vehicle came in time. */
  withdraw(): void {
    const { kernel } = this;
    const { session } = kernel;
    if (session.authorised && !session.plugAndCharge) this.endReservation();
    if (!session.active) return;
    const { state } = kernel.charger;
    const early = state === 'Idle' || state === 'WaitingForAuthentication';
    if (session.hasTransaction && !early) return;
    kernel.events.emitWithMeter('Deauthorized', 'authorization_event');
    if (!early) return;
    if (session.authorised) {
      session.deauthorise();
      if (session.hasTransaction) session.stopReason = 'DeAuthorized';
      else if (state === 'Idle') this.endSession();
      return;
    }
    kernel.events.emit('PluginTimeout');
    if (kernel.config.raise_mrec9) {
      kernel.errors.raise({
        name: 'MREC9AuthorizationTimeout',
        severity: 'Medium',
        message: 'nobody was authorised in time',
      });
    }
    if (!kernel.hlc.present) return;
    kernel.ports.send('hlc', 'authorization_response', {
      authorization_status: 'Unknown',
      certificate_status: 'NoCertificateAvailable',
    });
  }

  /** An error takes away what was authorised before a vehicle came. */
  withdrawAdvance(): void {
    const { session, events } = this.kernel;
    if (!session.active) return;
    if (session.authorised) events.emitWithMeter('Deauthorized', 'authorization_event');
    this.endSession();
  }

  /** @returns true when there was a transaction to stop */
  stop(request: StopTransactionRequest): boolean {
    const { kernel } = this;
    const { session } = kernel;
    if (!session.hasTransaction) return false;
    session.cancel(request);
    if (!kernel.hlc.present || !kernel.charger.memory.hlcActive) return true;
    if (request.reason === 'EmergencyStop') {
      kernel.ports.send('hlc', 'send_error', { error: 'Error_EmergencyShutdown' });
    } else if (request.reason === 'PowerLoss') {
      kernel.ports.send('hlc', 'send_error', { error: 'Error_UtilityInterruptEvent' });
    }
    return true;
  }

  reserve(id: number): boolean {
    const { kernel } = this;
    if (kernel.fatal && kernel.shutdownDone !== kernel.errors.kind) performShutdown(kernel);
    if (kernel.charger.state !== 'Idle' || kernel.fatal || kernel.charger.memory.disableRequested)
      return false;
    const before = kernel.reservation.id;
    const result = kernel.reservation.reserve(id);
    if (result === undefined) return false;
    if (result === 'new' || before === -1) this.#announceReservation('ReservationStart');
    return true;
  }

  endReservation(): void {
    if (this.kernel.reservation.end()) this.#announceReservation('ReservationEnd');
  }

  /** Enabled or Disabled with the source that decided. */
  emitEnabled(event: 'Enabled' | 'Disabled'): void {
    const { kernel } = this;
    kernel.events.emit(event, {
      source: { ...kernel.enable.deciding },
      ...(kernel.lastConnectorId === 0 ? {} : { connector_id: 1 }),
    });
  }

  #announceReservation(event: 'ReservationStart' | 'ReservationEnd'): void {
    this.kernel.events.emit(event, {}, '');
  }
}

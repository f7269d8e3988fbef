// SPDX-License-Identifier: Apache-2.0
import type { PaymentOption } from '../interface-types.js';
import type { Ports } from '../ports.js';
import type { Session } from '../session/session.js';

/** Payment configuration; the contract part can change at run time. */
export interface PaymentConfig {
  externalPayment: boolean;
  contract: boolean;
  centralValidation: boolean;
  certificateInstallation: boolean;
}

/** Which payment forms a session offers. */
export type PaymentOffer = 'configured' | 'authorisedFirst' | 'authorised';

/** The conversation with the stack of high level communication about payment and authorisation. */
export class HlcLink {
  /** The stack waits for the answer to an authorisation of this kind. */
  #waiting: 'eim' | 'pnc' | undefined;

  constructor(
    private readonly ports: Pick<Ports, 'send'>,
    readonly present: boolean,
    readonly payment: PaymentConfig,
  ) {}

  get waitsForContract(): boolean {
    return this.#waiting === 'pnc';
  }

  require(kind: 'eim' | 'pnc'): void {
    this.#waiting = kind;
  }

  forgetRequest(): void {
    this.#waiting = undefined;
  }

  /** Tells the stack what to offer. Never an empty list: the interface forbids it. */
  setUpSession(offer: PaymentOffer): void {
    if (!this.present) return;
    const { payment } = this;
    const contract = offer === 'configured' && payment.contract;
    const options: PaymentOption[] = [];
    if (offer === 'authorisedFirst' || payment.externalPayment || !contract) options.push('ExternalPayment');
    if (contract) options.push('Contract');
    this.ports.send('hlc', 'session_setup', {
      payment_options: options,
      supported_certificate_service: contract && payment.certificateInstallation,
      central_contract_validation_allowed:
        offer !== 'authorisedFirst' && payment.contract && payment.centralValidation,
    });
  }

  /** Answers a waiting request once the session is authorised. */
  answer(session: Session): void {
    if (!this.present || this.#waiting === undefined || !session.authorised) return;
    if (this.#waiting === 'pnc' && session.plugAndCharge) {
      this.#waiting = undefined;
      this.ports.send('hlc', 'authorization_response', {
        authorization_status: 'Accepted',
        certificate_status: 'Accepted',
      });
    } else if (this.#waiting === 'eim') {
      this.#waiting = undefined;
      this.ports.send('hlc', 'authorization_response', {
        authorization_status: 'Accepted',
        certificate_status: 'NoCertificateAvailable',
      });
    }
  }
}

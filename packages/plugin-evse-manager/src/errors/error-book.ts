// SPDX-License-Identifier: Apache-2.0
import {
  causeName,
  ERROR_SOURCES,
  isBlocking,
  shutdownKind,
  type ActiveError,
  type ErrorSource,
  type ShutdownKind,
} from './blocking.js';

/** Errors that this module raises itself. */
export type OwnErrorName =
  | 'Internal'
  | 'MREC4OverCurrentFailure'
  | 'MREC5OverVoltage'
  | 'MREC9AuthorizationTimeout'
  | 'PowermeterTransactionStartFailed'
  | 'MREC22ResistanceFault'
  | 'MREC11CableCheckFault'
  | 'VoltagePlausibilityFault';

export interface OwnError {
  readonly name: OwnErrorName;
  readonly subType?: string;
  readonly message: string;
  readonly severity: 'Medium' | 'High';
}

/** What is raised on the interface of the EVSE. */
export interface RaisedReport {
  readonly type: `evse_manager/${OwnErrorName | 'Inoperative'}`;
  readonly subType: string;
  readonly message: string;
  readonly severity: 'Low' | 'Medium' | 'High';
  readonly vendorId: string;
  /** Only Inoperative has one of its own. */
  readonly description?: string;
}

export interface ErrorBookOptions {
  readonly failOnMeterErrors: boolean;
  readonly useVendorId: boolean;
}

export interface ErrorBookPorts {
  raise(report: RaisedReport): void;
  clear(type: RaisedReport['type'], subType: string): void;
  /** The set of blocking causes changed; every time before {@link ErrorBookPorts.raise} of Inoperative returns. */
  changed(kind: ShutdownKind): void;
}

const VENDOR_ID = 'EVerest';
const OWN_VENDOR_ID = 'everest';
const INOPERATIVE = 'evse_manager/Inoperative';

const keyOf = (error: Pick<ActiveError, 'type' | 'subType'>): string => `${error.type}|${error.subType}`;

/** All active errors of the devices and of this module, merged into Inoperative. */
export class ErrorBook {
  readonly #active = new Map<ErrorSource, Map<string, ActiveError>>(
    ERROR_SOURCES.map((source) => [source, new Map<string, ActiveError>()]),
  );
  #reported: string | undefined;
  #kind: ShutdownKind = 'none';

  constructor(
    private readonly options: ErrorBookOptions,
    private readonly ports: ErrorBookPorts,
  ) {}

  /** Urgency of the shutdown that blocking errors ask for now. */
  get kind(): ShutdownKind {
    return this.#kind;
  }

  deviceRaised(source: ErrorSource, error: ActiveError): void {
    this.#active.get(source)?.set(keyOf(error), error);
    this.#refresh();
  }

  deviceCleared(source: ErrorSource, error: Pick<ActiveError, 'type' | 'subType'>): void {
    this.#active.get(source)?.delete(keyOf(error));
    this.#refresh();
  }

  /** Raises an error of this module; one that is active already stays as it is. */
  raise(own: OwnError): void {
    const error: ActiveError = {
      type: `evse_manager/${own.name}`,
      subType: own.subType ?? '',
      severity: own.severity,
      description: own.message,
      vendorId: OWN_VENDOR_ID,
    };
    const mine = this.#active.get('evse');
    if (mine === undefined || mine.has(keyOf(error))) return;
    mine.set(keyOf(error), error);
    this.ports.raise({
      type: `evse_manager/${own.name}`,
      subType: error.subType,
      message: own.message,
      severity: own.severity,
      vendorId: OWN_VENDOR_ID,
    });
    this.#refresh();
  }

  /** Clears errors of this module: those named, or all. */
  clear(...names: readonly OwnErrorName[]): void {
    const mine = this.#active.get('evse');
    if (mine === undefined) return;
    for (const [key, error] of [...mine]) {
      const name = error.type.slice('evse_manager/'.length) as OwnErrorName;
      if (names.length > 0 && !names.includes(name)) continue;
      mine.delete(key);
      this.ports.clear(`evse_manager/${name}`, error.subType);
    }
    this.#refresh();
  }

  #causes(): ActiveError[] {
    return ERROR_SOURCES.flatMap((source) =>
      [...(this.#active.get(source)?.values() ?? [])].filter((error) =>
        isBlocking(source, error, this.options.failOnMeterErrors),
      ),
    );
  }

  #refresh(): void {
    const causes = this.#causes();
    const first = causes[0];
    const signature = first === undefined ? undefined : causes.map(keyOf).sort().join('\n');
    this.#kind = shutdownKind(causes);
    if (signature !== this.#reported) {
      if (this.#reported !== undefined) this.ports.clear(INOPERATIVE, '');
      this.#reported = signature;
      if (first !== undefined) this.#raiseInoperative(first, causes);
    }
    this.ports.changed(this.#kind);
  }

  #raiseInoperative(first: ActiveError, causes: readonly ActiveError[]): void {
    const vendorId = this.options.useVendorId && first.vendorId !== '' ? first.vendorId : VENDOR_ID;
    this.ports.raise({
      type: INOPERATIVE,
      subType: '',
      message: first.type,
      severity: 'High',
      vendorId,
      description: causes.map(causeName).join(', '),
    });
  }
}

// SPDX-License-Identifier: Apache-2.0

export type ErrorSeverity = 'Low' | 'Medium' | 'High';
export type ErrorState = 'Active' | 'ClearedByModule' | 'ClearedByReboot';

/** Place of a module or implementation in the station: none = station, else an EVSE, optionally a connector. */
export interface Mapping {
  readonly evse: number;
  readonly connector?: number;
}

/** Who raised an error. */
export interface ErrorOrigin {
  readonly module_id: string;
  readonly implementation_id: string;
  readonly mapping?: Mapping;
}

/** An error as subscribers see it; the members and their names are those on EVerest's wire. */
export interface RaisedError<Type extends string = string> {
  /** `<namespace>/<Name>` */
  readonly type: Type;
  readonly sub_type: string;
  readonly description: string;
  readonly message: string;
  readonly severity: ErrorSeverity;
  readonly origin: ErrorOrigin;
  /** RFC 3339, UTC, milliseconds. */
  readonly timestamp: string;
  readonly uuid: string;
  readonly state: ErrorState;
  readonly vendor_id: string;
}

/** What a module says when it raises an error. */
export interface ErrorReport<Type extends string = string> {
  readonly type: Type;
  /** Tells errors of one type apart; default empty. */
  readonly subType?: string;
  readonly message: string;
  /** What the error means; default is the description that the interface lists. */
  readonly description?: string;
  /** Default `Low`. */
  readonly severity?: ErrorSeverity;
  /** Default `carabiner`. */
  readonly vendorId?: string;
}

/** Errors of one provided implementation. */
export interface ErrorRaiser<Type extends string = string> {
  /**
   * Raises an error. One that is active already (same type and sub type) is not raised again.
   *
   * @returns the error that is active now, or undefined when the interface does not list the type
   */
  raise(report: ErrorReport<Type>): RaisedError<Type> | undefined;
  /** Clears one error; does nothing when it is not active. */
  clear(type: Type, subType?: string): void;
  /** Clears every active error of `type`, whatever its sub type. */
  clearAllOf(type: Type): void;
  clearAll(): void;
  isActive(type: Type, subType?: string): boolean;
  readonly active: readonly RaisedError<Type>[];
}

/** Callbacks of an error subscription. */
export interface ErrorHandlers<Type extends string = string> {
  readonly raised?: (error: RaisedError<Type>) => void;
  readonly cleared?: (error: RaisedError<Type>) => void;
}

/** Errors seen from a consumer: those of one connection, or of the whole system. */
export interface ErrorMonitor<Type extends string = string> {
  /** `'*'` subscribes to every type. Errors that are active already are not replayed; see {@link ErrorMonitor.active}. */
  subscribe(type: Type | '*', handlers: ErrorHandlers<Type>): Subscription;
  isActive(type: Type, subType?: string): boolean;
  readonly active: readonly RaisedError<Type>[];
}

/** Something that was started and can be undone. Undone by itself when the module is unloaded. */
export interface Subscription extends Disposable {
  unsubscribe(): void;
}

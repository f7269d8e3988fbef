// SPDX-License-Identifier: Apache-2.0
import type { InterfaceDescriptor, Mapping, RaisedError, Subscription } from '../contract/index.js';

/** One implementation of one module of the system. */
export interface ImplementationAddress {
  readonly moduleId: string;
  readonly implementationId: string;
}

/** Who calls, and how long it cares for the answer. */
export interface Caller {
  /** Module id of the caller. */
  readonly origin: string;
  /** Aborted when the caller gave up. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the caller gives up; default 300 000. */
  readonly timeoutMs?: number;
}

/** Calls one command of one implementation. Rejects with a `CallError`. */
export type CommandEntry = (args: object, caller: Caller) => Promise<unknown>;

/**
 * A module as a bus sees it: what it offers to others.
 *
 * The order of calls, their validation, time-outs and the module's readiness are the module's own business; a bus
 * only carries.
 */
export interface AttachedModule {
  readonly id: string;
  readonly implementations: { readonly [implementation: string]: InterfaceDescriptor };
  readonly mapping: Mapping | undefined;
  readonly implementationMapping: { readonly [implementation: string]: Mapping };
  /** Entry for callers in this process, whose arguments were checked already if they had to be. */
  entry(implementation: string, command: string): CommandEntry | undefined;
  /**
   * Entry for calls from another process: checks arguments and result unless validation is off.
   *
   * @param args - as they came; null counts as no arguments
   * @throws CallError; also for a command that the module does not have
   */
  invoke(implementation: string, command: string, args: unknown, caller: Caller): Promise<unknown>;
  /** A module of another process that may have called this one is gone, or out of reach. */
  callerLost(moduleId: string): void;
  /** Errors of the implementation that are active now. */
  activeErrors(implementation: string): readonly RaisedError[];
}

/** A module's side of a bus, for what it says to whoever listens. */
export interface Attachment {
  /** True when values leave the process, so that they are checked before. */
  readonly boundary: boolean;
  /** Hands on a value. Never blocks and never throws for what happens on the other side. */
  publish(implementation: string, variable: string, value: unknown): void;
  /** Hands on an error that was raised or cleared; `error.state` tells which. */
  error(implementation: string, error: RaisedError): void;
  /** Takes the module from the bus. Idempotent. */
  detach(): void | Promise<void>;
}

/** What the consumer's end of a connection takes in. Called outside of the publisher's stack. */
export interface ConnectionListener {
  variable(name: string, value: unknown): void;
  /** Raised or cleared; `error.state` tells which. */
  error(error: RaisedError): void;
}

/** What a consumer wants to hear of an implementation. */
export interface ConnectionRequest {
  /** Module id of the consumer. */
  readonly consumer: string;
  readonly target: ImplementationAddress;
  /** The interface as the consumer knows it. */
  readonly interface: InterfaceDescriptor;
  readonly listener: ConnectionListener;
  /** Variables the consumer never listens to. */
  readonly ignoredVariables?: readonly string[];
  /** True when the consumer takes no errors of this connection. */
  readonly ignoreErrors?: boolean;
}

/** A consumer's way to one implementation. */
export interface Connection {
  /**
   * True when the other side is in another process: what comes from there is checked before it is believed, and the
   * consumer's end counts the time-out.
   */
  readonly boundary: boolean;
  /** The way to a command. On a boundary connection it ends when `caller.signal` aborts. Stays valid for good. */
  command(name: string): CommandEntry;
  /** Errors that are active already, as far as the bus can know. */
  readonly activeErrors: readonly RaisedError[];
  /** Ends the connection. Idempotent. */
  close(): void | Promise<void>;
}

/**
 * Carries commands, variables and errors between modules: directly in one process, or over a broker.
 *
 * Order: values of one variable of one implementation, and errors of one type, arrive in the order of publication.
 * Nothing is replayed to those who connect later.
 */
export interface Bus {
  /** Makes a module reachable. One attachment for each module id. */
  attach(module: AttachedModule): Attachment;
  /** Opens the way to an implementation, which may be attached later. */
  connect(request: ConnectionRequest): Connection;
  /** All errors of all modules of the system. */
  watchErrors(consumer: string, listener: (error: RaisedError) => void): Subscription;
  /** Resolves when everything attached and connected so far has taken effect. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

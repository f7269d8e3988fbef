// SPDX-License-Identifier: Apache-2.0

/** One thing that is wrong with a value. */
export interface Issue {
  /** Where, as a JSON pointer; empty for the value itself. */
  readonly path: string;
  /** What was found and what was expected. */
  readonly message: string;
}

/** Decides whether a value conforms to the JSON schema it was generated from. */
export interface Validator<T = unknown> {
  /** True when `value` conforms. Never throws. */
  is(value: unknown): value is T;
  /** All that is wrong with `value`; empty when it conforms. Slower than {@link Validator.is}. */
  explain(value: unknown): readonly Issue[];
}

/** A plain JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A command of an interface. */
export interface CommandDescriptor {
  readonly description: string;
  /** Names in the order of the specification. A caller passes exactly these. */
  readonly argumentNames: readonly string[];
  /** Validates the object of all arguments. */
  readonly args: Validator;
  /** Validates the result; accepts `undefined` and `null` for a command without one. */
  readonly result: Validator;
  /** False for a command without result: its result on a wire is null. */
  readonly returnsValue: boolean;
}

/** A variable of an interface. */
export interface VariableDescriptor {
  readonly description: string;
  readonly value: Validator;
}

/** An error that implementations of an interface may raise. */
export interface ErrorDescriptor {
  /** `<namespace>/<Name>`, for example `powermeter/CommunicationFault`. */
  readonly type: string;
  readonly description: string;
}

/** The types of one interface, as generated. */
export interface InterfaceTypes {
  readonly commands: { readonly [command: string]: { readonly args: object; readonly result: unknown } };
  readonly variables: { readonly [variable: string]: unknown };
  readonly errors: string;
}

/** All that is known of an interface at run time. Generated. */
export interface InterfaceDescriptor {
  readonly name: string;
  readonly description: string;
  readonly commands: { readonly [name: string]: CommandDescriptor };
  readonly variables: { readonly [name: string]: VariableDescriptor };
  readonly errors: readonly ErrorDescriptor[];
  /** The interface file as data: `cmds`, `vars`, `errors`, descriptions left out. For compatibility rules and wires. */
  readonly definition: Json;
  /** The type files that the definition refers to, transitively: `/<file>` → type name → schema. */
  readonly types: { readonly [file: string]: { readonly [type: string]: Json } };
}

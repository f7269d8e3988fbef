// SPDX-License-Identifier: Apache-2.0
import type {
  CallOptions,
  Client,
  ErrorRaiser,
  ErrorReport,
  RaisedError,
  VariablePublishers,
} from '@carabiner/core';
import type { Answer } from './answers.js';

/** The object of arguments of a command of a client. */
export type ArgsOf<Call> = Call extends (args: infer Args, options?: CallOptions) => unknown
  ? NonNullable<Args>
  : never;

/** The result of a command of a client. */
export type ResultOf<Call> = Call extends (...args: never[]) => infer Result ? Awaited<Result> : never;

/** One call that the module made. */
export interface RecordedCall<Args = object> {
  readonly args: Args;
  /** Milliseconds since the harness was made. */
  readonly at: number;
}

/** Answers by command. */
export type Answers<Calls> = {
  readonly [Command in keyof Calls]?: Answer<ArgsOf<Calls[Command]>, ResultOf<Calls[Command]>>;
};

/** The other end of a requirement: a peer that does what the test says. */
export interface FakePeer<Calls, Variables, ErrorType extends string> {
  /** Module id under which the module under test knows the peer. */
  readonly moduleId: string;
  /** Calls that the module made, by command, in order. */
  readonly calls: {
    readonly [Command in keyof Calls]: readonly RecordedCall<ArgsOf<Calls[Command]>>[];
  };
  /** Sets how commands are answered from now on. */
  answer(answers: Answers<Calls>): void;
  /** Publishes a value; it must conform to the interface. The module's handlers run with the next `await`. */
  readonly publish: VariablePublishers<Variables>;
  raise(report: ErrorReport<ErrorType>): RaisedError<ErrorType> | undefined;
  clear(type: ErrorType, subType?: string): void;
  /** The peer's errors: `active`, `clearAll` … */
  readonly errors: ErrorRaiser<ErrorType>;
}

/** The fake for a client type. */
export type FakeOf<C> =
  C extends Client<infer Calls, infer Variables, infer ErrorType>
    ? FakePeer<Calls, Variables, ErrorType>
    : never;

/** A fake, or a list of fakes, for each requirement. */
export type Fakes<Requires> = {
  readonly [R in keyof Requires]-?: Requires[R] extends readonly (infer C)[]
    ? readonly FakeOf<C>[]
    : FakeOf<NonNullable<Requires[R]>>;
};

type CallsOf<C> = C extends { readonly call: infer Calls } ? Calls : never;

/** Scripted answers for each requirement; for a list they hold for all its members. */
export type RequirementAnswers<Requires> = {
  readonly [R in keyof Requires]?: Requires[R] extends readonly (infer C)[]
    ? Answers<CallsOf<C>>
    : Answers<CallsOf<NonNullable<Requires[R]>>>;
};

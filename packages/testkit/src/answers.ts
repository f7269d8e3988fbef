// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';

/** What an answer function knows of the call it answers. */
export interface AnswerContext {
  readonly clock: Clock;
  /** Number of the call of this command, from 1. */
  readonly count: number;
  /** Aborted when the module gave up waiting. */
  readonly signal: AbortSignal;
}

/** Works out the answer to one call. A rejection reaches the module as `HandlerException`. */
export type AnswerFunction<Args, Result> = (args: Args, call: AnswerContext) => Result | Promise<Result>;

/** How a fake peer answers a command: with a fixed value, or with what a function says. */
export type Answer<Args, Result> = Awaited<Result> | AnswerFunction<Args, Result>;

/** Gives the answer of `answer` to a call. */
export function resolveAnswer<Args, Result>(
  answer: Answer<Args, Result>,
  args: Args,
  call: AnswerContext,
): Result | Promise<Result> {
  return isAnswerFunction(answer) ? answer(args, call) : answer;
}

function isAnswerFunction<Args, Result>(
  answer: Answer<Args, Result>,
): answer is AnswerFunction<Args, Result> {
  return typeof answer === 'function';
}

/** Answers after `delayMs` of the harness's clock. */
export function after<Args, Result>(
  delayMs: number,
  answer: Answer<Args, Result>,
): AnswerFunction<Args, Result> {
  return async (args, call) => {
    await call.clock.sleep(delayMs, call.signal);
    return await resolveAnswer(answer, args, call);
  };
}

/** Rejects. The module sees a `HandlerException` with this message. */
export function fails(message: string): AnswerFunction<unknown, never> {
  return () => {
    throw new Error(message);
  };
}

/** Never answers; the module's own time-out must end the wait. */
export function hangs(): AnswerFunction<unknown, never> {
  return async () => await new Promise<never>(() => undefined);
}

/** The first call gets the first answer and so on; the last answer stays. */
export function inTurn<Args, Result>(
  ...answers: readonly [Answer<Args, Result>, ...Answer<Args, Result>[]]
): AnswerFunction<Args, Result> {
  let next = 0;
  return (args, call) => {
    const answer = answers[Math.min(next++, answers.length - 1)] ?? answers[0];
    return resolveAnswer(answer, args, call);
  };
}

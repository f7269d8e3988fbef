// SPDX-License-Identifier: Apache-2.0

/** Breaches of an interface by the module under test, or by the test itself. */
export class Violations {
  readonly #messages: string[] = [];

  add(message: string): void {
    this.#messages.push(message);
  }

  get messages(): readonly string[] {
    return [...this.#messages];
  }

  /** Hands out all messages and forgets them; for tests that provoke one. */
  take(): readonly string[] {
    return this.#messages.splice(0);
  }

  /** @throws ContractViolationError when there is one. */
  throwIfAny(): void {
    if (this.#messages.length > 0) throw new ContractViolationError(this.take());
  }
}

/** The module (or a scripted answer) broke an interface during the test. */
export class ContractViolationError extends Error {
  readonly code = 'TESTKIT_CONTRACT_VIOLATION';
  override readonly name = 'ContractViolationError';

  constructor(readonly violations: readonly string[]) {
    super(`the interface contract was broken:\n${violations.map((line) => `  - ${line}`).join('\n')}`);
  }
}

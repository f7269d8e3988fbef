// SPDX-License-Identifier: Apache-2.0
import { NotReady, Shutdown, type CallError } from '../exceptions/index.js';

/** Whether a module takes calls: `paused` keeps them waiting, `refusing` fails them. */
export type GateState = 'refusing' | 'open' | 'paused';

/** Decides for one module whether calls are served, wait, or fail. */
export class Gate {
  #state: GateState = 'refusing';
  #refusal: () => CallError;
  readonly #opened = new Set<() => void>();

  constructor(private readonly moduleId: string) {
    this.#refusal = () => new NotReady(`module ${moduleId} is not initialised yet`);
  }

  get state(): GateState {
    return this.#state;
  }

  open(): void {
    this.#state = 'open';
    for (const listener of this.#opened) listener();
  }

  pause(): void {
    this.#state = 'paused';
  }

  /** Fails calls with `NotReady`, calls that wait included. */
  refuse(why: string): void {
    this.#refuse(() => new NotReady(`module ${this.moduleId} ${why}`));
  }

  /** Fails calls with `Shutdown`, calls that wait included. */
  shutDown(): void {
    this.#refuse(() => new Shutdown(`module ${this.moduleId} is shut down`));
  }

  /** What a call hears while the gate refuses. */
  refusal(): CallError {
    return this.#refusal();
  }

  /** `listener` runs whenever calls that wait can go on or must fail. */
  onChange(listener: () => void): void {
    this.#opened.add(listener);
  }

  #refuse(refusal: () => CallError): void {
    this.#state = 'refusing';
    this.#refusal = refusal;
    for (const listener of this.#opened) listener();
  }
}

// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from 'node:net';
import type { RuntimeEvent } from '@carabiner/core';
import { ExitCode } from '../exit-codes.js';
import { UserError } from '../user-error.js';
import { LineReader } from './line-reader.js';
import { readMessage, type ControlMethods } from './protocol.js';

/** A request was answered with an error. */
export class ControlError extends UserError {
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(`${message} [${reason}]`);
  }
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A connection to a running instance. */
export class ControlClient {
  readonly #lines = new LineReader();
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #onEvent: (event: RuntimeEvent) => void = () => undefined;
  /** Resolves when the instance has closed the connection. */
  readonly closed: Promise<void>;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string | Buffer) => {
      for (const line of this.#lines.push(chunk.toString())) this.#receive(line);
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const { reject } of this.#waiting.values())
          reject(new UserError('the instance closed the connection'));
        this.#waiting.clear();
        resolve();
      });
    });
    socket.on('error', () => socket.destroy());
  }

  /**
   * @param path - the instance's control socket
   * @param composition - named in the error
   * @throws UserError with exit code 3 when nothing listens
   */
  static async open(path: string, composition: string): Promise<ControlClient> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (error) => {
        reject(
          new UserError(
            `${composition} does not run here; start it with \`carabiner run ${composition}\``,
            ExitCode.noInstance,
            { cause: error },
          ),
        );
      });
    });
    return new ControlClient(socket);
  }

  /** @throws ControlError with the instance's reason */
  async request<M extends keyof ControlMethods>(
    method: M,
    params: ControlMethods[M]['params'],
  ): Promise<ControlMethods[M]['result']> {
    const id = this.#nextId++;
    const result = await new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
    return result;
  }

  /** Hands each later event to `listener`. */
  onEvent(listener: (event: RuntimeEvent) => void): void {
    this.#onEvent = listener;
  }

  close(): void {
    this.socket.destroy();
  }

  #receive(line: string): void {
    const message = readMessage(line);
    if (message === undefined) return;
    if ('event' in message) {
      this.#onEvent(message.event);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('error' in message) waiting?.reject(new ControlError(message.error.code, message.error.message));
    else waiting?.resolve(message.result);
  }
}

// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@carabiner/clock';
import { got, RequestError } from 'got';
import { MeterRefusal, MeterUnreachable } from './errors.js';

/** How the meter is reached. */
export interface HttpExchangeOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** Ends every request when aborted. */
  readonly signal: AbortSignal;
  readonly connectTimeoutMs: number;
  /** Limit of a whole request, connecting included. */
  readonly requestTimeoutMs: number;
  readonly keepAlive: boolean;
}

/** Longest answer that is read, bytes; a record has one or two thousand. */
const MAX_ANSWER_BYTES = 1_000_000;

/** Reason of an abort by this file, as opposed to one by the network. */
class TimeLimit extends Error {}

/** A connection that was kept open ended before any byte of the answer: the meter may have closed it long ago. */
class StaleConnection extends Error {}

/** Requests to one meter over at most one connection. Time limits run on the clock given, so tests can move them. */
export class HttpExchange {
  readonly #agent: Agent;
  #inFlight = 0;

  constructor(private readonly options: HttpExchangeOptions) {
    this.#agent = new Agent({ keepAlive: options.keepAlive, maxSockets: 1 });
  }

  /** Requests that wait for their answer. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Closes the connection. */
  close(): void {
    this.#agent.destroy();
  }

  /**
   * One request. When a connection that was kept open turns out to be closed, it is sent once more over a new one.
   *
   * @returns the body, untouched
   * @throws MeterUnreachable when no whole answer came in time
   * @throws MeterRefusal when the status is not 200
   */
  async request(method: 'GET' | 'POST', path: string, body?: object): Promise<Buffer> {
    const endpoint = `${method} ${this.options.host}:${this.options.port}${path}`;
    this.#inFlight++;
    try {
      const { status, bytes } = await this.#send(method, path, body);
      if (status !== 200) throw new MeterRefusal(endpoint, status, bytes.toString('utf8'));
      return bytes;
    } catch (error) {
      if (error instanceof MeterRefusal) throw error;
      // A closed or late connection must not serve the next request.
      this.#agent.destroy();
      throw new MeterUnreachable(endpoint, reasonOf(error), { cause: error });
    } finally {
      this.#inFlight--;
    }
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
  ): Promise<{ status: number; bytes: Buffer }> {
    const { clock, requestTimeoutMs, signal } = this.options;
    const limit = new AbortController();
    const whole = clock.setTimeout(
      abortBy(limit, `no whole answer within ${requestTimeoutMs} ms`),
      requestTimeoutMs,
    );
    // Not AbortSignal.any: every signal made by it would hang on to the module's signal until that ends.
    const stop = (): void => limit.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      return await this.#attempt(method, path, body, limit);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      this.#agent.destroy();
      // A POST as well, though the meter may have acted on it: a begin or end that is refused is checked against the meter's
      // state, refused gateway data are those it has, and all else may be set twice.
      return await this.#attempt(method, path, body, limit);
    } finally {
      signal.removeEventListener('abort', stop);
      whole.cancel();
    }
  }

  async #attempt(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    limit: AbortController,
  ): Promise<{ status: number; bytes: Buffer }> {
    const { host, port, clock, connectTimeoutMs } = this.options;
    const connecting = clock.setTimeout(
      abortBy(limit, `no connection within ${connectTimeoutMs} ms`),
      connectTimeoutMs,
    );
    let isStale = (): boolean => false;
    try {
      const request = got(`http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`, {
        method,
        headers: { accept: '*/*', 'content-type': 'application/json', 'user-agent': undefined },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        agent: { http: this.#agent },
        signal: limit.signal,
        responseType: 'buffer',
        decompress: false,
        followRedirect: false,
        retry: { limit: 0 },
        throwHttpErrors: false,
      });
      void request.on('request', (sent) => {
        sent.once('socket', (socket: Socket) => {
          const readBefore = socket.bytesRead;
          isStale = () => readBefore > 0 && socket.bytesRead === readBefore;
          if (socket.connecting) socket.once('connect', () => connecting.cancel());
          else connecting.cancel();
        });
      });
      void request.on('downloadProgress', ({ transferred }) => {
        if (transferred > MAX_ANSWER_BYTES)
          abortBy(limit, `an answer of more than ${MAX_ANSWER_BYTES} bytes`)();
      });
      const response = await request;
      return { status: response.statusCode, bytes: Buffer.from(response.body) };
    } catch (error) {
      if (limit.signal.aborted) throw limit.signal.reason;
      throw isStale() ? new StaleConnection(undefined, { cause: error }) : error;
    } finally {
      connecting.cancel();
    }
  }
}

function abortBy(limit: AbortController, text: string): () => void {
  return () => limit.abort(new TimeLimit(text));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = error instanceof RequestError ? error.code : '';
  const text = error.message === '' ? error.name : error.message;
  return code === '' || text.includes(code) ? text : `${code} ${text}`;
}

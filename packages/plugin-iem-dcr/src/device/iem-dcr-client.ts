// SPDX-License-Identifier: Apache-2.0
import { parseRecord, type OcmfRecord } from '@carabiner/ocmf';
import type { z } from 'zod';
import {
  firstIssue,
  gatewaySchema,
  liveValuesSchema,
  publicKeySchema,
  type Gateway,
  type LiveValues,
  type PublicKeyAnswer,
  type UserData,
} from './answers.js';
import { MeterRefusal, UnexpectedAnswer } from './errors.js';
import { HttpExchange, type HttpExchangeOptions } from './http-exchange.js';

const V1 = '/counter/v1/ocmf';
const V2 = '/counter/v2/ocmf';

/**
 * The REST gateway of an IEM-DCR, one method for each request.
 *
 * Every method throws `MeterUnreachable` when no whole answer came in time, `MeterRefusal` for another status than
 * 200, and `UnexpectedAnswer` for a body the protocol does not know.
 */
export class IemDcrClient {
  readonly #http: HttpExchange;
  readonly #address: string;

  constructor(options: HttpExchangeOptions) {
    this.#http = new HttpExchange(options);
    this.#address = `${options.host}:${options.port}`;
  }

  /** Requests that wait for their answer. */
  get inFlight(): number {
    return this.#http.inFlight;
  }

  /** Closes the connection. */
  close(): void {
    this.#http.close();
  }

  /** Charge point identification and clock. */
  async getGateway(): Promise<Gateway> {
    return await this.#getJson(`${V1}/gw`, gatewaySchema);
  }

  /** Sets CT, CI and the clock; accepted once after power-up. `TM` carries no status letter. */
  async postGateway(CT: string, CI: string, TM: string): Promise<void> {
    await this.#http.request('POST', `${V1}/gw`, { CT, CI, TM });
  }

  /** Sets the tariff text shown before a transaction. */
  async postTariff(TT: string): Promise<void> {
    await this.#http.request('POST', `${V1}/tariff`, { TT });
  }

  /** Live values and state. */
  async getLiveValues(): Promise<LiveValues> {
    return await this.#getJson(`${V1}/metervalue`, liveValuesSchema);
  }

  /** Key that verifies the meter's signatures. */
  async getPublicKey(): Promise<PublicKeyAnswer> {
    return await this.#getJson(`${V1}/publickey`, publicKeySchema);
  }

  /** Sets the clock. */
  async postDateTime(TM: string): Promise<void> {
    await this.#http.request('POST', `${V1}/datetime`, { TM });
  }

  /** Sets user and tariff of the next transaction. */
  async postUser(user: UserData): Promise<void> {
    await this.#http.request('POST', `${V1}/user`, user);
  }

  /** Begins a transaction. */
  async begin(): Promise<void> {
    await this.#http.request('POST', `${V1}/receipt`, { TX: 'B' });
  }

  /** Ends the transaction. */
  async end(): Promise<void> {
    await this.#http.request('POST', `${V1}/receipt`, { TX: 'E' });
  }

  /** The signed record right after the end of a transaction, whose `text` is byte for byte what the meter sent. */
  async getReceipt(): Promise<OcmfRecord> {
    return await this.#getRecord(`${V1}/receipt`);
  }

  /** The last signed record while no transaction runs. Some firmware has it under v2 only. */
  async getLastTransaction(): Promise<OcmfRecord> {
    try {
      return await this.#getRecord(`${V1}/transaction`);
    } catch (error) {
      if (!(error instanceof MeterRefusal)) throw error;
      return await this.#getRecord(`${V2}/transaction`);
    }
  }

  async #getJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const bytes = await this.#http.request('GET', path);
    const endpoint = `GET ${this.#address}${path}`;
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString('utf8'));
    } catch (error) {
      throw new UnexpectedAnswer(endpoint, 'the answer is not JSON', { cause: error });
    }
    const result = schema.safeParse(value);
    if (!result.success)
      throw new UnexpectedAnswer(endpoint, firstIssue(result.error), { cause: result.error });
    return result.data;
  }

  /** A record is passed on untouched or not at all; it is never repaired. */
  async #getRecord(path: string): Promise<OcmfRecord> {
    const bytes = await this.#http.request('GET', path);
    const endpoint = `GET ${this.#address}${path}`;
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (error) {
      throw new UnexpectedAnswer(endpoint, 'the record is not UTF-8', { cause: error });
    }
    if (!text.startsWith('OCMF|'))
      throw new UnexpectedAnswer(endpoint, `no record, it begins with ${JSON.stringify(text.slice(0, 20))}`);
    try {
      return parseRecord(text);
    } catch (error) {
      throw new UnexpectedAnswer(endpoint, `no readable record: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

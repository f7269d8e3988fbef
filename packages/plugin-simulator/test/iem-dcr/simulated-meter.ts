// SPDX-License-Identifier: Apache-2.0
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { VirtualClock } from '@carabiner/clock/virtual';
import {
  IemDcrGateway,
  IemDcrMeter,
  switchesSchema,
  type IemDcrMeterOptions,
} from '@carabiner/plugin-simulator/iem-dcr';

export interface Answer {
  status: number;
  body: string;
  headers: IncomingMessage['headers'];
}

/** A plain HTTP client for the gateway, as simple as a client can be. */
export async function ask(
  port: number,
  method: string,
  path: string,
  body?: string,
  chunked = false,
): Promise<Answer> {
  return await new Promise<Answer>((resolve, reject) => {
    const sent = httpRequest({
      ...{ host: '127.0.0.1', port, method, path, agent: false },
      headers: {
        'Content-Type': 'application/json',
        ...(body === undefined
          ? {}
          : chunked
            ? { Expect: '100-continue' }
            : { 'Content-Length': Buffer.byteLength(body) }),
      },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      text(response).then(
        (answer) => resolve({ status: response.statusCode ?? 0, body: answer, headers: response.headers }),
        reject,
      );
    });
    if (chunked) {
      // libcurl waits for "100 Continue" before it sends the body in pieces.
      sent.flushHeaders();
      sent.on('continue', () => {
        sent.write(body?.slice(0, 5));
        sent.end(body?.slice(5));
      });
    } else sent.end(body);
  });
}

export const GATEWAY = '{"CT":"EVSEID","CI":"DE*ABC*E0001","TM":"2026-03-02T08:00:00,000+0100"}';
export const USER =
  '{"IS":true,"IL":"TRUSTED","IF":["RFID_PLAIN","OCPP_AUTH"],"IT":"ISO14443","ID":"04281FD2FB7381","US":false,"TT":"0,42 EUR/kWh"}';

/** A simulated meter over real HTTP on a virtual clock. */
export class SimulatedMeter implements AsyncDisposable {
  readonly clock = new VirtualClock(Date.UTC(2026, 2, 2, 6));
  readonly meter: IemDcrMeter;
  readonly gateway: IemDcrGateway;

  private constructor(switches: object, options: IemDcrMeterOptions) {
    this.meter = new IemDcrMeter(this.clock, { ...options, switches: switchesSchema.parse(switches) });
    this.gateway = new IemDcrGateway(this.meter, this.clock);
  }

  static async create(switches: object = {}, options: IemDcrMeterOptions = {}): Promise<SimulatedMeter> {
    const simulated = new SimulatedMeter(switches, options);
    await simulated.gateway.plugIn();
    return simulated;
  }

  get(path: string): Promise<Answer> {
    return ask(this.gateway.port, 'GET', path.startsWith('/counter') ? path : `/counter/v1/ocmf${path}`);
  }

  post(path: string, body: string, chunked = false): Promise<Answer> {
    return ask(this.gateway.port, 'POST', `/counter/v1/ocmf${path}`, body, chunked);
  }

  async status(method: 'GET' | 'POST', path: string, body = ''): Promise<number> {
    return (await (method === 'GET' ? this.get(path) : this.post(path, body))).status;
  }

  async live(): Promise<Record<string, unknown> & { RD: Record<string, string>[] }> {
    return JSON.parse((await this.get('/metervalue')).body) as Record<string, unknown> & {
      RD: Record<string, string>[];
    };
  }

  async begin(user = USER): Promise<void> {
    await this.post('/gw', GATEWAY);
    for (const [path, body] of [
      ['/user', user],
      ['/receipt', '{"TX":"B"}'],
    ] as const)
      if ((await this.post(path, body)).status !== 200) throw new Error(`POST ${path} was refused`);
  }

  async end(): Promise<string> {
    if ((await this.post('/receipt', '{"TX":"E"}')).status !== 200) throw new Error('the end was refused');
    await this.clock.advance(250);
    return (await this.get('/receipt')).body;
  }

  /** Lets current flow for a while. */
  async charge(ms: number, voltageV = 400, currentA = 100): Promise<void> {
    this.meter.setOutput(voltageV, currentA);
    await this.clock.advance(ms);
    this.meter.setOutput(0, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.unplug();
  }
}

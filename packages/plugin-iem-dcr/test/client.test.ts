// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import { VirtualClock } from '@carabiner/clock/virtual';
import { IemDcrClient, MeterRefusal, MeterUnreachable, UnexpectedAnswer } from '@carabiner/plugin-iem-dcr';
import { IemDcrGateway, IemDcrMeter } from '@carabiner/plugin-simulator/iem-dcr';
import { expect } from 'chai';
import fc from 'fast-check';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { execPath } from 'node:process';

interface Device extends AsyncDisposable {
  gateway: IemDcrGateway;
  client: IemDcrClient;
}

async function device(options: { signal?: AbortSignal; host?: string } = {}): Promise<Device> {
  const clock = new VirtualClock();
  const gateway = new IemDcrGateway(new IemDcrMeter(clock), clock, { host: options.host ?? '127.0.0.1' });
  await gateway.plugIn();
  const client = new IemDcrClient({
    host: options.host ?? '127.0.0.1',
    port: gateway.port,
    clock: systemClock,
    signal: options.signal ?? new AbortController().signal,
    connectTimeoutMs: 2000,
    requestTimeoutMs: 5000,
    keepAlive: true,
  });
  return {
    gateway,
    client,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await gateway.unplug();
    },
  };
}

const COMMON = {
  host: '127.0.0.1',
  clock: systemClock,
  signal: new AbortController().signal,
  connectTimeoutMs: 2000,
  requestTimeoutMs: 5000,
  keepAlive: true,
};

/** Answers so many requests of a connection, one at first, and closes it at the next one without having said so. */
async function hastyMeter(): Promise<AsyncDisposable & { port: number; seen: string[]; answers: number }> {
  const seen: string[] = [];
  const served = new WeakMap<object, number>();
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      const nth = (served.get(request.socket) ?? 0) + 1;
      served.set(request.socket, nth);
      seen.push(`${request.method} ${request.url?.replace('/counter/v1/ocmf', '')} as ${nth}`);
      if (nth > meter.answers) request.socket.resetAndDestroy();
      else response.end('{"CT":""}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const meter = {
    port: (server.address() as AddressInfo).port,
    seen,
    answers: 1,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return meter;
}

/** A port that takes no connection and refuses none: its process is stopped, and its queue is full. */
async function deafMachine(): Promise<AsyncDisposable & { port: number }> {
  const listen = `const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`;
  const process = spawn(execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = (await once(process.stdout, 'data')) as [Buffer];
  process.kill('SIGSTOP');
  const port = Number(text.toString());
  const queued = Array.from({ length: 4 }, () =>
    connect({ port, host: '127.0.0.1' }).on('error', () => undefined),
  );
  const waiting = (): number => queued.filter((socket) => socket.connecting).length;
  while (waiting() > 2) await new Promise((resolve) => setImmediate(resolve));
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of queued) socket.destroy();
      process.kill('SIGKILL');
      await once(process, 'exit');
    },
  };
}

async function failure(work: Promise<unknown>): Promise<Error> {
  return await work.then(
    () => expect.fail('the request succeeded'),
    (error: unknown) => error as Error,
  );
}

const requests: Record<string, (client: IemDcrClient) => Promise<unknown>> = {
  gw: (client) => client.getGateway(),
  metervalue: (client) => client.getLiveValues(),
  publickey: (client) => client.getPublicKey(),
  receipt: (client) => client.getReceipt(),
  transaction: (client) => client.getLastTransaction(),
};

describe('IemDcrClient', () => {
  it('sends JSON with a length, and the headers of the protocol', async () => {
    await using one = await device();
    const seen: string[] = [];
    one.gateway.on('request', ({ transfer, body }) => seen.push(`${transfer} ${body}`));
    await one.client.postGateway('EVSEID', '1', '2026-01-01T00:00:00,000+0100');
    await one.client.getGateway();
    expect(seen).to.deep.equal([
      'length {"CT":"EVSEID","CI":"1","TM":"2026-01-01T00:00:00,000+0100"}',
      'none ',
    ]);
  });

  it('reaches a meter with an IPv6 address', async function () {
    let one: Device;
    try {
      one = await device({ host: '::1' });
    } catch {
      this.skip(); // no IPv6 on this machine
    }
    await using opened = one;
    expect((await opened.client.getGateway()).CT).to.equal('');
  });

  for (const [name, request] of Object.entries(requests)) {
    it(`gives typed errors for whatever answers GET /${name}`, async () => {
      await using one = await device();
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(
            fc.json(),
            fc.string({ unit: 'binary' }),
            fc.constant(''),
            fc.json().map((text) => `OCMF|${text}|${text}`),
          ),
          fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
          async (body, status) => {
            one.gateway.inject({ kind: 'status', status: status < 300 ? 200 : status, body, times: 2 });
            try {
              await request(one.client);
              expect(status).to.be.below(300);
            } catch (error) {
              expect(error).to.satisfy(
                (thrown: unknown) => thrown instanceof MeterRefusal || thrown instanceof UnexpectedAnswer,
              );
              if (error instanceof MeterRefusal) expect(error.body).to.equal(Buffer.from(body).toString());
            }
            one.gateway.clearFaults();
          },
        ),
        { numRuns: 60 },
      );
    });

    it(`says what was asked and where when GET /${name} is refused`, async () => {
      await using one = await device();
      one.gateway.inject({ kind: 'status', status: 418, body: 'teapot', times: 2 });
      const error = await failure(request(one.client));
      expect(error).to.be.instanceOf(MeterRefusal);
      expect(error.message).to.match(
        /^the meter refused GET 127\.0\.0\.1:\d+\/counter\/v\d\/ocmf\/\w+ with status 418: teapot$/,
      );
    });
  }

  for (const status of [201, 202, 204, 301, 302, 404, 500])
    it(`takes status ${status} for a refusal`, async () => {
      await using one = await device();
      one.gateway.inject({ kind: 'status', status });
      expect(await failure(one.client.begin())).to.include({ status });
    });

  it('gives up on an address where nobody answers', async () => {
    await using deaf = await deafMachine();
    const clock = new VirtualClock();
    const client = new IemDcrClient({
      host: '127.0.0.1',
      port: deaf.port,
      clock,
      signal: new AbortController().signal,
      connectTimeoutMs: 2000,
      requestTimeoutMs: 5000,
      keepAlive: true,
    });
    const pending = failure(client.getGateway());
    await clock.advance(1999);
    expect(clock.pending, 'limits that run').to.equal(2);
    await clock.advance(1);
    const error = await pending;
    expect(error).to.be.instanceOf(MeterUnreachable);
    expect(error.message).to.include('no connection within 2000 ms');
    expect(clock.pending).to.equal(0);
  });

  for (const [what, request] of Object.entries<(client: IemDcrClient) => Promise<unknown>>({
    'GET /gw': (client) => client.getGateway(),
    'POST /receipt': (client) => client.begin(),
  }))
    it(`sends ${what} again when the connection kept open was closed without a word, and once only`, async () => {
      await using meter = await hastyMeter();
      const client = new IemDcrClient({ ...COMMON, port: meter.port });
      for (let round = 0; round < 3; round++) await request(client);
      expect(meter.seen, 'one for each round, and what met a closed connection').to.deep.equal(
        [1, 2, 1, 2, 1].map((nth) => `${what} as ${nth}`),
      );
      meter.answers = 0;
      expect(await failure(request(client))).to.be.instanceOf(MeterUnreachable);
      expect(meter.seen.slice(5)).to.deep.equal([`${what} as 2`, `${what} as 1`]);
      client.close();
    });

  it('does not send again what was answered in part, or went over a new connection', async () => {
    await using one = await device();
    let seen = 0;
    one.gateway.on('request', () => seen++);
    one.gateway.inject({ kind: 'reset' });
    expect(await failure(one.client.getGateway())).to.be.instanceOf(MeterUnreachable);
    expect(seen).to.equal(1);
    await one.client.getGateway();
    one.gateway.inject({ kind: 'truncated-body' });
    expect(await failure(one.client.getGateway())).to.be.instanceOf(MeterUnreachable);
    expect(seen).to.equal(3);
  });

  it('does not read an answer without end', async () => {
    await using one = await device();
    one.gateway.inject({ kind: 'malformed-json', body: 'x'.repeat(3_000_000) });
    const error = await failure(one.client.getReceipt());
    expect(error).to.be.instanceOf(MeterUnreachable);
    expect(error.message).to.include('more than 1000000 bytes');
  });

  it('ends with its signal, with the request under way and those after', async () => {
    const stop = new AbortController();
    await using one = await device({ signal: stop.signal });
    one.gateway.inject({ kind: 'stall', times: 0 });
    const pending = failure(one.client.getGateway());
    while (one.gateway.held === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error('the module shuts down'));
    expect((await pending).message).to.include('the module shuts down');
    expect((await failure(one.client.getGateway())).message).to.include('the module shuts down');
    expect(one.client.inFlight).to.equal(0);
  });

  it('keeps a long error body out of the message', async () => {
    await using one = await device();
    one.gateway.inject({ kind: 'status', status: 500, body: 'x'.repeat(5000) });
    expect((await failure(one.client.end())).message.length).to.be.below(350);
  });

  it('does not change what it passes on', async () => {
    await using one = await device();
    const record = 'OCMF|{"TT":"Gebühr 1 €",  "RV":446.540}|{"SD":"00"}';
    one.gateway.inject({ kind: 'malformed-json', body: `${record}\r\n` });
    expect((await one.client.getReceipt()).text).to.equal(`${record}\r\n`);
  });
});

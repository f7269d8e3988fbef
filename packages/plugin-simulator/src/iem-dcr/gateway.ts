// SPDX-License-Identifier: Apache-2.0
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import type { Clock } from '@carabiner/clock';
import { FaultPlan, type ActiveFault, type Fault, type FaultKind } from './faults.js';
import type { IemDcrMeter } from './meter.js';
import { ok, type MeterAnswer } from './meter-answer.js';

/** Where the gateway listens. */
export interface GatewayOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free port. It is kept when the gateway is unplugged and plugged in again. */
  readonly port?: number;
}

/** One request and what became of it. */
export interface GatewayRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** `chunked` or `length`: how the body was transferred; `none` without one. */
  readonly transfer: 'chunked' | 'length' | 'none';
  /** Status of the meter's answer; undefined when the meter did not see the request. */
  readonly status: number | undefined;
  readonly fault: ActiveFault | undefined;
}

/** Faults that may hit a request before the meter acts on it. An answer with status 200 is one of a meter that acted. */
const CAN_PREVENT: ReadonlySet<FaultKind> = new Set<FaultKind>(['stall', 'reset', 'status']);
/** What is announced and not sent where the answer has no body. */
const MISSING_BYTES = 5;

interface GatewayEvents {
  request: [GatewayRequest];
}

function transferOf(request: IncomingMessage): GatewayRequest['transfer'] {
  if (request.headers['transfer-encoding'] === 'chunked') return 'chunked';
  return request.headers['content-length'] === undefined ? 'none' : 'length';
}

/** The meter's REST gateway on a real HTTP server. Emits `request` once what becomes of a request is decided. */
export class IemDcrGateway extends EventEmitter<GatewayEvents> {
  readonly #faults = new FaultPlan();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port: number;
  #held = 0;
  #accepted = 0;

  constructor(
    readonly meter: IemDcrMeter,
    private readonly clock: Clock,
    private readonly options: GatewayOptions = {},
  ) {
    super();
    this.#port = options.port ?? 0;
  }

  /** Port it listens on, or did last. */
  get port(): number {
    return this.#port;
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Number of connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Requests that a fault holds back: stalled, or waiting out a latency. */
  get held(): number {
    return this.#held;
  }

  /** Starts to listen. Does nothing when it listens already. */
  async plugIn(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((request, response) => {
      this.#serve(request, response).catch(() => request.socket.destroy());
    });
    server.on('connection', (socket) => {
      this.#accepted++;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('clientError', (_error, socket) => socket.destroy());
    this.#server = server;
    server.listen(this.#port, this.options.host ?? '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Pulls the network plug: connections are cut, new ones refused. */
  async unplug(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Power failure: network and meter are gone. */
  async powerOff(): Promise<void> {
    this.meter.powerOff();
    await this.unplug();
  }

  /** Power is back. */
  async powerOn(): Promise<void> {
    this.meter.powerOn();
    await this.plugIn();
  }

  /** Sets up a fault. @throws ZodError when it is none */
  inject(fault: Fault): void {
    this.#faults.add(fault);
  }

  /** Takes all faults away. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /** Faults that have not been used up. */
  get pendingFaults(): number {
    return this.#faults.pending;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? '';
    const path = request.url ?? '';
    let body: string;
    try {
      body = await readText(request);
    } catch {
      return; // the client gave up in the middle of its body
    }
    const fault = this.#faults.take(method, path);
    const acts = fault === undefined || fault.acts || !CAN_PREVENT.has(fault.kind);
    if (fault?.kind === 'latency') await this.#hold(this.clock.sleep(fault.ms));
    const answer = acts ? this.meter.handle(method, path, body) : undefined;
    if (fault === undefined || fault.kind === 'latency') send(response, answer ?? ok);
    else show(fault, response, answer ?? ok);
    if (fault?.kind === 'stall') void this.#hold(closing(request));
    this.emit('request', {
      method,
      path,
      body,
      transfer: transferOf(request),
      status: answer?.status,
      fault,
    });
  }

  async #hold(until: Promise<unknown>): Promise<void> {
    this.#held++;
    await until;
    this.#held--;
  }
}

async function closing(request: IncomingMessage): Promise<void> {
  if (!request.socket.destroyed) await once(request.socket, 'close');
}

function send(response: ServerResponse, answer: MeterAnswer): void {
  response.writeHead(answer.status, {
    'Content-Type': answer.contentType,
    'Content-Length': Buffer.byteLength(answer.body),
  });
  response.end(answer.body);
}

/** Writes past node's own framing, which would correct a wrong length. */
function sendRaw(response: ServerResponse, answer: MeterAnswer, announced: number, body: string): void {
  const head = [
    `HTTP/1.1 ${answer.status} OK`,
    `Content-Type: ${answer.contentType}`,
    `Content-Length: ${announced}`,
    'Connection: close',
  ];
  response.socket?.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function show(fault: ActiveFault, response: ServerResponse, answer: MeterAnswer): void {
  const length = Buffer.byteLength(answer.body);
  switch (fault.kind) {
    case 'latency':
    case 'stall':
      return; // the socket stays open until the client or the plug closes it
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'status':
      send(response, { status: fault.status, body: fault.body ?? '', contentType: 'text/plain' });
      return;
    case 'malformed-json':
      send(
        response,
        fault.body === undefined
          ? { ...answer, body: `${answer.body.slice(0, -1)},` }
          : { ...answer, status: 200, body: fault.body },
      );
      return;
    case 'truncated-body':
      sendRaw(
        response,
        answer,
        length === 0 ? MISSING_BYTES : length,
        answer.body.slice(0, Math.floor(length / 2)),
      );
      return;
    case 'wrong-content-length':
      sendRaw(response, answer, length === 0 ? MISSING_BYTES : length - 3, answer.body);
      return;
  }
}

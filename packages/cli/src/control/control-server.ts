// SPDX-License-Identifier: Apache-2.0
import { chmodSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { ModuleStatus, RaisedError, RuntimeEvent, Subscription } from '@carabiner/core';
import { UserError } from '../user-error.js';
import { LineReader } from './line-reader.js';
import { readRequest, type ControlMethods, type InstanceStatus } from './protocol.js';
import { prepareRuntimeDir } from './socket-path.js';

/** What the control socket offers of a runtime. */
export interface ControlTarget {
  readonly state: string;
  modules(): readonly ModuleStatus[];
  activeErrors(): readonly RaisedError[];
  observe(listener: (event: RuntimeEvent) => void): Subscription;
  call(
    moduleId: string,
    implementationId: string,
    command: string,
    args: object,
    options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
  ): Promise<unknown>;
  /** Swaps a module for another package, while everything runs. */
  swap(moduleId: string, replacement: string): Promise<void>;
  /** Asks the instance to end. */
  stop(): void;
}

/** Bytes that a slow watcher may lag behind before it is cut off. */
const WATCHER_BACKLOG_LIMIT = 8 * 1024 * 1024;

type Handlers = {
  readonly [M in keyof ControlMethods]: (
    params: Readonly<Record<string, unknown>>,
    client: ControlClientConnection,
  ) => ControlMethods[M]['result'] | Promise<ControlMethods[M]['result']>;
};

/** Serves one running instance to command lines of the same user, over a Unix socket. */
export class ControlServer {
  readonly #server: Server;
  readonly #clients = new Set<ControlClientConnection>();
  readonly #handlers: Handlers;

  private constructor(
    private readonly target: ControlTarget,
    private readonly composition: string,
    readonly path: string,
  ) {
    this.#handlers = {
      status: () => this.#status(),
      watch: (_params, client) => {
        client.watch(this.target);
        return this.#status();
      },
      call: async (params, client) =>
        await this.target.call(
          text(params, 'moduleId'),
          text(params, 'implementationId'),
          text(params, 'command'),
          Object(params['args'] ?? {}) as object,
          {
            signal: client.signal,
            ...(typeof params['timeoutMs'] === 'number' ? { timeoutMs: params['timeoutMs'] } : {}),
          },
        ),
      swap: async (params) => {
        const moduleId = text(params, 'moduleId');
        await this.target.swap(moduleId, text(params, 'replacement'));
        const status = this.target.modules().find(({ id }) => id === moduleId);
        if (status === undefined) throw new UserError(`there is no module ${moduleId}`);
        return status;
      },
      stop: () => {
        this.target.stop();
        return null;
      },
    };
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /**
   * Opens the socket with mode 0600.
   *
   * @throws UserError when another instance of the composition has it
   */
  static async open(target: ControlTarget, composition: string, path: string): Promise<ControlServer> {
    prepareRuntimeDir(dirname(path));
    if (await isAlive(path))
      throw new UserError(`${composition} runs already (its control socket ${path} answers)`);
    removeFile(path);
    const server = new ControlServer(target, composition, path);
    await server.#listen();
    return server;
  }

  /** Closes the socket and all connections. */
  async close(): Promise<void> {
    for (const client of this.#clients) client.end();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    removeFile(this.path);
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.path, () => {
        chmodSync(this.path, 0o600);
        resolve();
      });
    });
  }

  #accept(socket: Socket): void {
    const client: ControlClientConnection = new ControlClientConnection(socket, async (line) => {
      await this.#serve(line, client);
    });
    this.#clients.add(client);
    socket.once('close', () => this.#clients.delete(client));
  }

  async #serve(line: string, client: ControlClientConnection): Promise<void> {
    const request = readRequest(line);
    if (typeof request === 'string') {
      client.send({ id: 0, error: { code: 'BAD_REQUEST', message: request } });
      return;
    }
    const { id, method, params } = request;
    try {
      if (!isMethod(this.#handlers, method)) throw new UserError(`unknown method "${method}"`);
      client.send({ id, result: (await this.#handlers[method]({ ...params }, client)) ?? null });
    } catch (thrown) {
      const code: unknown = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
      client.send({
        id,
        error: {
          code: typeof code === 'string' ? code : 'FAILED',
          message: thrown instanceof Error ? thrown.message : String(thrown),
        },
      });
    }
  }

  #status(): InstanceStatus {
    return {
      composition: this.composition,
      pid: process.pid,
      state: this.target.state,
      modules: this.target.modules(),
      activeErrors: this.target.activeErrors(),
    };
  }
}

/** One command line that is connected. */
class ControlClientConnection {
  readonly #lines = new LineReader();
  readonly #gone = new AbortController();
  #watching: Subscription | undefined;

  constructor(
    private readonly socket: Socket,
    serve: (line: string) => Promise<void>,
  ) {
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string | Buffer) => {
      try {
        for (const line of this.#lines.push(chunk.toString())) void serve(line);
      } catch {
        socket.destroy();
      }
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#watching?.unsubscribe();
      this.#gone.abort(new Error('the command line went away'));
    });
  }

  /** Aborted when the other side is gone. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  watch(target: ControlTarget): void {
    this.#watching ??= target.observe((event) => this.send({ event }));
  }

  send(message: object): void {
    if (this.socket.destroyed) return;
    if (this.socket.writableLength > WATCHER_BACKLOG_LIMIT) {
      this.socket.destroy();
      return;
    }
    this.socket.write(`${JSON.stringify(message)}\n`);
  }

  end(): void {
    this.socket.end();
    this.socket.unref();
    setImmediate(() => this.socket.destroy());
  }
}

function isMethod(handlers: Handlers, method: string): method is keyof ControlMethods {
  return Object.hasOwn(handlers, method);
}

function text(params: Readonly<Record<string, unknown>>, name: string): string {
  const value = params[name];
  if (typeof value !== 'string') throw new UserError(`"${name}" must be a text`);
  return value;
}

async function isAlive(path: string): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already.
  }
}

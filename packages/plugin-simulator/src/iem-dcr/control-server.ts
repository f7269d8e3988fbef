// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import * as z from 'zod';
import { faultSchema } from './faults.js';
import type { IemDcrGateway } from './gateway.js';
import { NO_ERROR_WORDS } from './meter.js';
import { switchesSchema } from './switches.js';

const outputSchema = z.strictObject({ voltage_V: z.number().min(0), current_A: z.number() });
const powerSchema = z.strictObject({ state: z.enum(['on', 'off', 'cycle']) });
const plugSchema = z.strictObject({ state: z.enum(['in', 'out']) });
const errorSchema = z.strictObject({
  XC: z.string().default(NO_ERROR_WORDS),
  ST: z.string().default('G'),
  energyUnusable: z.boolean().default(false),
});

type Action = (gateway: IemDcrGateway, body: unknown) => unknown;

/** What can be done to a running simulator: `METHOD /path` → action. */
const ACTIONS: Readonly<Record<string, Action>> = {
  'GET /state': ({ meter, port, connections, pendingFaults }) => ({
    port,
    serial: meter.serial,
    running: meter.running,
    nextPage: meter.nextPage,
    import_Wh: meter.registers.import.toString(),
    export_Wh: meter.registers.export.toString(),
    connections,
    pendingFaults,
    switches: meter.switches,
  }),
  'GET /record': ({ meter }) => meter.lastRecord ?? '',
  'GET /publickey.pem': ({ meter }) => meter.key.publicPem,
  'POST /output': ({ meter }, body) => {
    const { voltage_V, current_A } = outputSchema.parse(body);
    meter.setOutput(voltage_V, current_A);
  },
  'POST /power': async (gateway, body) => {
    const { state } = powerSchema.parse(body);
    if (state !== 'on') await gateway.powerOff();
    if (state !== 'off') await gateway.powerOn();
  },
  'POST /plug': async (gateway, body) => {
    if (plugSchema.parse(body).state === 'in') await gateway.plugIn();
    else await gateway.unplug();
  },
  'POST /error': ({ meter }, body) => {
    const { XC, ST, energyUnusable } = errorSchema.parse(body);
    meter.errorWords = XC;
    meter.state = ST;
    meter.energyUnusable = energyUnusable;
  },
  'POST /distrust-time': ({ meter }) => meter.distrustTime(),
  'POST /faults': (gateway, body) => gateway.inject(faultSchema.parse(body)),
  'DELETE /faults': (gateway) => gateway.clearFaults(),
  'POST /switches': ({ meter }, body) => {
    const changes = z.record(z.string(), z.unknown()).parse(body);
    meter.switches = switchesSchema.parse({ ...meter.switches, ...changes });
  },
};

async function act(
  gateway: IemDcrGateway,
  action: Action,
  body: string,
): Promise<{ status: number; text: string }> {
  try {
    const result = await action(gateway, body === '' ? {} : JSON.parse(body));
    return {
      status: 200,
      text: typeof result === 'string' ? result : JSON.stringify(result ?? { ok: true }),
    };
  } catch (error) {
    const text = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    return { status: 400, text };
  }
}

/**
 * HTTP server by which a person or a test steers the simulator while it runs: output, power, plug, errors, faults,
 * switches. Listens on loopback only.
 */
export class ControlServer {
  readonly #server: Server;

  constructor(gateway: IemDcrGateway) {
    this.#server = createServer((request, response) => {
      const action = ACTIONS[`${request.method ?? ''} ${request.url ?? ''}`];
      void readText(request)
        .then(async (body) =>
          action === undefined
            ? { status: 404, text: `known: ${Object.keys(ACTIONS).join(', ')}` }
            : await act(gateway, action, body),
        )
        .then(({ status, text }) => response.writeHead(status).end(`${text}\n`))
        .catch(() => response.destroy());
    });
  }

  /** Listens on `port` of 127.0.0.1; 0 takes any free one. Resolves with the port. */
  async listen(port: number): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops listening and closes connections. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedBroker, type BrokerAddress } from '@carabiner/everest';
import { freePort } from '@carabiner/testkit';

/** A broker for one test. */
export interface TestBroker {
  readonly address: BrokerAddress;
  readonly protocolVersion: 4 | 5;
  stop(): Promise<void>;
}

/** A kind of broker and how to start it. */
export interface BrokerKind {
  readonly name: string;
  /** Why this kind cannot run here; undefined when it can. */
  readonly unavailable: string | undefined;
  /**
   * @param lines - more lines of Mosquitto's configuration
   * @param noDelay - Mosquitto sends small packets at once
   */
  start(port?: number, lines?: readonly string[], noDelay?: boolean): Promise<TestBroker>;
}

const hasMosquitto = spawnSync('mosquitto', ['-h']).error === undefined;
if (!hasMosquitto && process.env['CARABINER_REQUIRE']?.split(',').includes('mosquitto') === true) {
  throw new Error('CARABINER_REQUIRE names mosquitto, but the command is not installed');
}

export const embedded: BrokerKind = {
  name: 'embedded broker',
  unavailable: undefined,
  start: async (port = 0) => {
    const broker = await startEmbeddedBroker(port);
    return {
      address: { host: '127.0.0.1', port: broker.port },
      protocolVersion: 4,
      stop: async () => await broker.close(),
    };
  },
};

export const mosquitto: BrokerKind = {
  name: 'Mosquitto',
  unavailable: hasMosquitto ? undefined : 'the command mosquitto is not installed',
  start: async (wanted, lines = [], noDelay = true) => {
    const port = wanted ?? (await freePort());
    const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
    const file = join(folder, 'mosquitto.conf');
    const anonymous = lines.some((line) => line.startsWith('allow_anonymous'))
      ? []
      : ['allow_anonymous true'];
    const configuration = [
      `listener ${port} 127.0.0.1`,
      ...anonymous,
      ...(noDelay ? ['set_tcp_nodelay true'] : []),
      'persistence false',
      'user root',
      ...lines,
    ];
    writeFileSync(file, `${configuration.join('\n')}\n`);
    const child = spawn('mosquitto', ['-v', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`mosquitto ended with ${String(code)}`)));
      child.stderr.on('data', (text: Buffer) => {
        if (text.includes('running')) resolve();
      });
    });
    return {
      address: { host: '127.0.0.1', port },
      protocolVersion: 5,
      stop: async () => {
        await new Promise<void>((resolve) => {
          child.removeAllListeners('exit');
          child.once('exit', () => resolve());
          child.kill('SIGKILL');
        });
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

export const BROKERS: readonly BrokerKind[] = [embedded, mosquitto];

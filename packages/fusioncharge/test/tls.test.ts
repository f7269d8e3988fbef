// SPDX-License-Identifier: Apache-2.0
import {
  DispenserConnection,
  loadTlsCredentials,
  openDispenserSocket,
  PowerUnitServer,
  RegisterBank,
  type PeerName,
  type PowerUnitConnection,
  type TlsCredentials,
} from '@carabiner/fusioncharge';
import { expect } from 'chai';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { inspect } from 'node:util';
import { makeCredentials } from './certificates.js';

type Credentials = Awaited<ReturnType<typeof makeCredentials>>;

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(
    () => expect.fail('did not reject'),
    (error: unknown) => error as Error,
  );
}

/** Waits for the end of a connection, however it comes about. */
async function closed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
}

describe('mutual TLS', function () {
  this.timeout(20_000);
  let credentials: Credentials;
  let server: PowerUnitServer;
  let accepted: PowerUnitConnection[];
  let refused: Error[];

  before(async () => {
    credentials = await makeCredentials();
  });

  const listen = async (peerNames: PeerName | readonly string[]): Promise<void> => {
    accepted = [];
    refused = [];
    server = await PowerUnitServer.listen({
      port: 0,
      host: '127.0.0.1',
      tls: { credentials: credentials.powerUnit, peerNames },
      onConnection: (connection) => accepted.push(connection),
      onRefused: (error) => refused.push(error),
    });
  };
  const open = async (own: TlsCredentials, peerName?: PeerName): ReturnType<typeof openDispenserSocket> =>
    await openDispenserSocket({
      host: '127.0.0.1',
      port: server.port,
      tls: { credentials: own, ...(peerName === undefined ? {} : { peerName }) },
    });

  afterEach(async () => {
    await server.close();
  });

  it('carries Modbus both ways when chain and names fit', async () => {
    await listen(['dispenser.example']);
    const socket = await open(credentials.dispenser);
    const bank = new RegisterBank(1);
    const dispenser = new DispenserConnection(socket, bank);
    while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await accepted[0]!.readRegisters(0x1015, 1)).toString('hex')).to.equal('0000');
    dispenser.close();
    await once(accepted[0]!, 'close');
  });

  it('takes a configured name in place of the address', async () => {
    await listen(false);
    (await open(credentials.dispenser, 'psu.example')).destroy();
    const error = await rejection(open(credentials.dispenser, 'other.example'));
    expect(error.message).to.match(/other\.example/);
    (await open(credentials.dispenser, false)).destroy();
  });

  it('refuses a power unit of another authority, also without the name check', async () => {
    await listen(false);
    const wrongTrust: TlsCredentials = { ...credentials.dispenser, ca: credentials.powerUnit.ca };
    const error = await rejection(open(wrongTrust, false));
    expect(error).to.have.property('code', 'FUSIONCHARGE_CONNECT');
  });

  it('turns away dispensers without a certificate, of another authority, or with another name', async () => {
    await listen(['dispenser.example']);
    const anonymous = connectTls({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false });
    await closed(anonymous);
    await closed(await open(credentials.stranger));
    expect(accepted).to.have.lengthOf(0);
    expect(refused).to.have.lengthOf(2);
    await server.close();

    await listen(['somebody.example']);
    await closed(await open(credentials.dispenser));
    expect(accepted).to.have.lengthOf(0);
    expect(refused[0]!.message).to.match(/somebody\.example/);
  });

  it('does not let one slow handshake hold up others', async () => {
    await listen(false);
    const silent = connect({ host: '127.0.0.1', port: server.port });
    await once(silent, 'connect');
    (await open(credentials.dispenser)).destroy();
    silent.destroy();
  });
});

describe('TLS files', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fusioncharge-'));
    const { dispenser } = await makeCredentials();
    await Promise.all([
      writeFile(join(folder, 'ca.pem'), dispenser.ca),
      writeFile(join(folder, 'cert.pem'), dispenser.cert),
      writeFile(join(folder, 'key.pem'), dispenser.key),
      writeFile(join(folder, 'other.pem'), (await makeCredentials()).dispenser.key),
    ]);
  });

  after(async () => {
    await rm(folder, { recursive: true });
  });

  const files = (ca: string, cert: string, key: string) => ({
    caFile: ca && join(folder, ca),
    certFile: cert && join(folder, cert),
    keyFile: key && join(folder, key),
  });

  it('are read', async () => {
    const loaded = await loadTlsCredentials(files('ca.pem', 'cert.pem', 'key.pem'));
    expect(loaded.cert.toString()).to.contain('BEGIN CERTIFICATE');
  });

  it('do not show the private key when printed or serialised', async () => {
    const loaded = await loadTlsCredentials(files('ca.pem', 'cert.pem', 'key.pem'));
    for (const text of [JSON.stringify({ loaded }), inspect({ loaded }, { depth: 9, showHidden: true })])
      expect(text)
        .to.match(/^[^0-9]{1,40}$/, text)
        .and.contain('[TlsCredentials]');
    expect(Object.keys({ ...loaded })).to.deep.equal(['ca', 'cert', 'key']);
  });

  it('are named when missing, absent or not fitting, and never quoted', async () => {
    const cases: [ReturnType<typeof files>, RegExp][] = [
      [files('ca.pem', '', 'key.pem'), /own certificate, none is configured/],
      [files('nothing.pem', 'cert.pem', 'key.pem'), /cannot read the CA certificate from .*nothing\.pem/],
      [files('ca.pem', 'cert.pem', 'other.pem'), /do not form a usable set/],
      [files('ca.pem', 'key.pem', 'cert.pem'), /do not form a usable set/],
    ];
    for (const [given, pattern] of cases) {
      const error = await rejection(loadTlsCredentials(given));
      expect(error).to.have.property('code', 'FUSIONCHARGE_TLS');
      expect(error.message)
        .to.match(pattern)
        .and.not.match(/BEGIN|[A-Za-z0-9+/]{40}/);
    }
  });
});

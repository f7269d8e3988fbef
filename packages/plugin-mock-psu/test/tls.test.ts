// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import { join } from 'node:path';
import { loadTlsCredentials, type TlsCredentials } from '@carabiner/fusioncharge';
import { tempDir, type TempDir } from '@carabiner/testkit';
import {
  CERTIFICATE_FILES,
  generateCertificates,
  type MockPowerUnitOptions,
} from '@carabiner/plugin-mock-psu';
import { systemClock } from '@carabiner/clock';
import { makeBench, type Bench } from './bench.js';

interface Credentials {
  readonly psu: TlsCredentials;
  readonly dispenser: TlsCredentials;
}

async function makeCredentials(folder: string): Promise<Credentials> {
  await generateCertificates(folder, systemClock);
  const load = async (ca: string, cert: string, key: string): Promise<TlsCredentials> =>
    loadTlsCredentials({
      caFile: join(folder, ca),
      certFile: join(folder, cert),
      keyFile: join(folder, key),
    });
  const files = CERTIFICATE_FILES;
  return {
    psu: await load(files.dispenserCa, files.psuCert, files.psuKey),
    dispenser: await load(files.psuCa, files.dispenserCert, files.dispenserKey),
  };
}

describe('mutual TLS', function () {
  // RSA keys take their time.
  this.timeout(30_000);
  let folder: TempDir;
  let ours: Credentials;
  let theirs: Credentials;
  let bench: Bench;

  before(async () => {
    folder = await tempDir();
    ours = await makeCredentials(folder.join('ours'));
    theirs = await makeCredentials(folder.join('theirs'));
  });
  after(() => folder.remove());
  afterEach(async () => bench.close());

  const start = async (
    peerNames: string | false = false,
    options: Partial<MockPowerUnitOptions> = {},
  ): Promise<string[]> => {
    const warnings: string[] = [];
    bench = await makeBench({
      tls: { credentials: ours.psu, peerNames },
      log: { info: () => undefined, warn: (message) => warnings.push(message) },
      ...options,
    });
    return warnings;
  };

  it('runs a session with the certificates that were made', async () => {
    await start('client');
    const dispenser = await bench.dispenser({ tls: ours.dispenser });
    dispenser.event('carConnected');
    await bench.until(() => dispenser.situation().state === 'Running', 'the allocation');
  });

  it('turns a dispenser away that has no certificate, one of another authority or another name', async () => {
    const warnings = await start();
    // TLS 1.3 tells the client of its refusal after the handshake.
    for (const tls of [
      { ...ours.dispenser, cert: theirs.dispenser.cert, key: theirs.dispenser.key },
      { ...ours.dispenser, cert: ours.psu.cert, key: ours.psu.key },
    ]) {
      const refused = await bench.dispenser({ tls }).catch(() => undefined);
      await bench.until(() => refused?.closed ?? true, 'the refusal');
    }
    await bench.until(() => warnings.length === 2, 'the warnings');
    expect(bench.mock.dispensers).to.equal(0);
    await bench.close();

    const named = await start('somebody-else');
    const refused = await bench.dispenser({ tls: ours.dispenser }).catch(() => undefined);
    await bench.until(() => refused?.closed ?? true, 'the refusal of the name');
    await bench.until(() => named.length === 1, 'the warning');
    expect(bench.mock.dispensers).to.equal(0);
  });

  it('is not held up or ended by a peer that does not speak TLS', async () => {
    await start();
    const silent = connectTcp(bench.mock.port, '127.0.0.1');
    const garbage = connectTcp(bench.mock.port, '127.0.0.1');
    garbage.on('error', () => undefined);
    await once(garbage, 'connect');
    garbage.write('GET / HTTP/1.0\r\n\r\n');
    await once(garbage, 'close');
    const dispenser = await bench.dispenser({ tls: ours.dispenser });
    await bench.until(() => bench.mock.dispensers === 1, 'the connection');
    expect(dispenser.closed).to.equal(false);
    silent.destroy();
  });

  it('tls_refuse cuts connections and lets none in until it is over', async () => {
    await start();
    const dispenser = await bench.dispenser({ tls: ours.dispenser });
    await bench.until(() => bench.mock.dispensers === 1, 'the connection');
    bench.mock.faults.inject({ name: 'tls_refuse' });
    await bench.until(() => dispenser.closed, 'the cut');
    const error: unknown = await dispenser.connect().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error);
    bench.mock.faults.clear();
    await dispenser.connect();
    dispenser.event('carConnected');
    await bench.until(() => dispenser.situation().state === 'Running', 'the allocation');
  });

  it('does not renegotiate', async () => {
    await start();
    const socket = connectTls({
      port: bench.mock.port,
      host: '127.0.0.1',
      ...ours.dispenser,
      maxVersion: 'TLSv1.2',
      checkServerIdentity: () => undefined,
    });
    await once(socket, 'secureConnect');
    await bench.until(() => bench.mock.dispensers === 1, 'the connection');
    const renegotiated = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false));
      socket.renegotiate({}, (error) => resolve(error === null));
    });
    expect(renegotiated).to.equal(false);
    socket.destroy();
    const dispenser = await bench.dispenser({ tls: ours.dispenser });
    dispenser.event('carConnected');
    await bench.until(() => dispenser.situation().state === 'Running', 'the allocation for another');
  });

  it('does not overwrite certificates', async () => {
    await start();
    const again: unknown = await generateCertificates(folder.join('ours'), systemClock).catch(
      (reason: unknown) => reason,
    );
    expect(again).to.be.instanceOf(Error).with.property('message').that.contains('exists already');
  });
});

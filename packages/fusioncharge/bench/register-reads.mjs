// SPDX-License-Identifier: Apache-2.0
// Holding register reads served per second: the dispenser's responder beside two Modbus TCP servers, all with the same
// client, which keeps a fixed number of requests in flight on one connection, each server in a process of its own.
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const SECONDS = 2.4;
const ROUNDS = 12;
/** An RTU of MBAP header and read request: 10 registers from 0x0000. */
const REQUEST = Buffer.from('000000000006ff0300000' + '00a', 'hex');
const ANSWER_BYTES = 7 + 2 + 20;

async function serve(kind) {
  process.once('disconnect', () => process.exit());
  if (kind === 'carabiner') {
    const { createServer } = await import('node:net');
    const { DispenserConnection, RegisterBank } = await import('@carabiner/fusioncharge');
    const server = createServer(
      (socket) => new DispenserConnection(socket, new RegisterBank(4), { reportPeriodMs: 3_600_000 }),
    );
    server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  } else if (kind === 'jsmodbus') {
    const { createServer } = await import('node:net');
    const { default: jsmodbus } = await import('jsmodbus');
    const server = createServer();
    new jsmodbus.server.TCP(server, { holding: Buffer.alloc(0x20000) });
    server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  } else {
    const { default: modbusSerial } = await import('modbus-serial');
    const registers = new Uint16Array(0x10000);
    const server = new modbusSerial.ServerTCP(
      {
        getMultipleHoldingRegisters: (address, count) =>
          Array.from(registers.subarray(address, address + count)),
      },
      { host: '127.0.0.1', port: 0, unitID: 255 },
    );
    server.on('initialized', () => process.send(server._server.address().port));
  }
}

/** Reads per second with `inFlight` requests on their way at any time. */
async function measure(port, inFlight, seconds) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await new Promise((resolve) => socket.once('connect', resolve));
  let id = 0;
  const requests = (count) => {
    const data = Buffer.allocUnsafe(REQUEST.length * count);
    for (let index = 0; index < count; index++) {
      REQUEST.copy(data, index * REQUEST.length);
      data.writeUInt16BE(id, index * REQUEST.length);
      id = (id + 1) & 0xffff;
    }
    return data;
  };
  let answers = 0;
  let outstanding = inFlight;
  let rest = 0;
  const start = process.hrtime.bigint();
  const end = start + BigInt(Math.round(seconds * 1e9));
  let last = start;
  await new Promise((resolve) => {
    // A server that loses an answer must not hold up the others.
    setTimeout(resolve, 4000 * seconds).unref();
    socket.on('data', (chunk) => {
      rest += chunk.length;
      const complete = Math.floor(rest / ANSWER_BYTES);
      if (complete === 0) return;
      rest -= complete * ANSWER_BYTES;
      answers += complete;
      last = process.hrtime.bigint();
      if (last < end) socket.write(requests(complete));
      else outstanding -= complete;
      // Every answer is awaited: a server that writes to a closed connection may not survive it.
      if (outstanding === 0) resolve();
    });
    socket.write(requests(inFlight));
  });
  socket.end();
  return answers / (Number(last - start) / 1e9);
}

async function main() {
  const kinds = ['carabiner', 'modbus-serial', 'jsmodbus'];
  const children = kinds.map((kind) => fork(fileURLToPath(import.meta.url), [kind], { stdio: 'inherit' }));
  const ports = await Promise.all(
    children.map(
      (child) =>
        new Promise((resolve, reject) => {
          child.once('message', resolve);
          child.once('exit', (code) => reject(new Error(`a server ended with status ${code}`)));
        }),
    ),
  );
  for (const inFlight of [1, 16]) {
    const best = kinds.map(() => 0);
    for (let round = 0; round < ROUNDS; round++)
      for (let index = 0; index < kinds.length; index++)
        best[index] = Math.max(best[index], await measure(ports[index], inFlight, SECONDS / ROUNDS));
    for (const peer of ['modbus-serial', 'jsmodbus'])
      console.log(
        JSON.stringify({
          bench: `modbus register reads served, ${inFlight} in flight`,
          value: Math.round(best[0]),
          unit: 'reads/s',
          peer,
          peerValue: Math.round(best[kinds.indexOf(peer)]),
        }),
      );
  }
  for (const child of children) child.removeAllListeners('exit').kill();
}

await (process.argv[2] === undefined ? main() : serve(process.argv[2]));

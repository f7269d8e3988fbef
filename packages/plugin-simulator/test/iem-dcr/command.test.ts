// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VirtualClock } from '@carabiner/clock/virtual';
import { parseRecord, verifyRecord } from '@carabiner/ocmf';
import { IemDcrMeter, readScript, readSwitches, runScript } from '@carabiner/plugin-simulator/iem-dcr';
import { expect } from 'chai';
import { ask, GATEWAY, USER } from './simulated-meter.js';

const BIN = fileURLToPath(new URL('../../bin/iem-dcr-simulator.js', import.meta.url));

interface Running {
  port: number;
  controlPort: number;
  process: ChildProcess;
}

/** Starts the command and waits until it says where it listens. */
async function run(...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [BIN, '--port', '0', '--control-port', '0', ...args]);
  return await new Promise<Running>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const match = /http:\/\/127\.0\.0\.1:(\d+)\/counter[^]*control on http:\/\/127\.0\.0\.1:(\d+)/.exec(
        output,
      );
      if (match !== null) resolve({ port: Number(match[1]), controlPort: Number(match[2]), process: child });
    });
    child.on('exit', () => reject(new Error(`the command ended: ${output}`)));
  });
}

async function stop({ process: child }: Running): Promise<number | null> {
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

describe('iem-dcr-simulator', () => {
  const folder = mkdtempSync(join(tmpdir(), 'iem-dcr-'));
  after(() => rmSync(folder, { recursive: true }));

  it('signs a transaction with the key of its file, steered over the control port', async function () {
    this.timeout(20_000);
    const keyFile = join(folder, 'meter.pem');
    const running = await run(
      '--key',
      keyFile,
      '--serial',
      '1ISA9',
      '--set',
      'signatureForm=raw-rs',
      '--set',
      'signingMs=0',
      '--voltage',
      '400',
    );
    const post = (path: string, body: string) => ask(running.port, 'POST', `/counter/v1/ocmf${path}`, body);
    const control = (path: string, body: object) =>
      ask(running.controlPort, 'POST', path, JSON.stringify(body));
    try {
      expect(statSync(keyFile).mode & 0o777).to.equal(0o600);
      for (const [path, body] of [
        ['/gw', GATEWAY],
        ['/user', USER],
        ['/receipt', '{"TX":"B"}'],
      ] as const)
        expect((await post(path, body)).status).to.equal(200);
      expect((await control('/output', { voltage_V: 400, current_A: 10 })).status).to.equal(200);
      expect((await post('/receipt', '{"TX":"E"}')).status, 'current flows').to.equal(428);
      expect((await control('/output', { voltage_V: 400, current_A: 0 })).status).to.equal(200);
      expect((await post('/receipt', '{"TX":"E"}')).status).to.equal(200);
      const record = (await ask(running.port, 'GET', '/counter/v1/ocmf/receipt')).body;
      const pem = (await ask(running.controlPort, 'GET', '/publickey.pem')).body;
      expect(verifyRecord(record, pem)).to.include({ verdict: 'valid', signatureForm: 'raw-rs' });
      expect(parseRecord(record).payload.MS).to.equal('1ISA9');
      expect((await control('/error', { XC: '0x0001, 0x00000000, 0x00, 0x00', ST: 'E' })).status).to.equal(
        200,
      );
      expect((await control('/switches', { transactionPath: 'v2' })).status).to.equal(200);
      expect(
        (await control('/faults', { kind: 'status', path: '/transaction', status: 599 })).status,
      ).to.equal(200);
      expect((await ask(running.port, 'GET', '/counter/v2/ocmf/transaction')).status).to.equal(599);
      expect((await ask(running.port, 'GET', '/counter/v2/ocmf/transaction')).body).to.equal(record);
      expect((await control('/power', { state: 'cycle' })).status).to.equal(200);
      expect((await ask(running.port, 'GET', '/counter/v1/ocmf/gw')).body).to.include('"CT":""');
      expect((await control('/switches', { nonsense: 1 })).status).to.equal(400);
      expect((await control('/nothing', {})).status).to.equal(404);
    } finally {
      expect(await stop(running)).to.equal(0);
    }
    const key = readFileSync(keyFile, 'utf8');
    const again = await run('--key', keyFile);
    expect((await ask(again.controlPort, 'GET', '/publickey.pem')).status).to.equal(200);
    await stop(again);
    expect(readFileSync(keyFile, 'utf8')).to.equal(key);
  });

  it('says what is wrong with its arguments', async () => {
    for (const [args, words] of [
      [['--set', 'signatureForm=round'], 'signatureForm'],
      [['--set', 'nonsense=1'], 'nonsense'],
      [['--voltage', 'high'], 'a number was expected'],
      [['--script', '/nowhere'], 'no such file'],
    ] as const) {
      const child = spawn(process.execPath, [BIN, ...args]);
      let errors = '';
      child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number];
      expect(code, args.join(' ')).to.equal(1);
      expect(errors).to.include(words);
    }
  });
});

describe('output script', () => {
  it('plays its steps by the clock, and nothing flows afterwards', async () => {
    const clock = new VirtualClock();
    const meter = new IemDcrMeter(clock, { registers: { import: 0n, export: 0n } });
    const script = readScript(
      'steps: [{for_s: 1800, voltage_V: 400, current_A: 10}, {for_s: 3600, voltage_V: 400, current_A: -5}]',
    );
    const playing = runScript(script, meter, clock, new AbortController().signal);
    await clock.advance(10_000_000);
    await playing;
    expect(meter.registers).to.deep.equal({ import: 2000n, export: 2000n });
  });

  it('repeats until it is stopped', async () => {
    const clock = new VirtualClock();
    const meter = new IemDcrMeter(clock, { registers: { import: 0n, export: 0n } });
    const stopping = new AbortController();
    const script = readScript(
      '{"repeat": true, "steps": [{"for_s": 1, "voltage_V": 1000, "current_A": 36}]}',
    );
    const playing = runScript(script, meter, clock, stopping.signal);
    await clock.advance(10_000);
    stopping.abort();
    await playing;
    await clock.advance(10_000);
    expect(meter.registers.import).to.equal(100n);
    expect(clock.pending).to.equal(0);
  });

  for (const text of [
    '',
    'steps: []',
    'steps: [{for_s: 0, voltage_V: 1, current_A: 1}]',
    'steps: [{for_s: 1, voltage_V: 1, current: 1}]',
  ])
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => readScript(text)).to.throw(/not valid/));

  it('and switches name what is wrong', () => {
    expect(() => readSwitches('{signingMs: fast}')).to.throw(/signingMs/);
    expect(readSwitches('').signingMs).to.equal(200);
  });
});

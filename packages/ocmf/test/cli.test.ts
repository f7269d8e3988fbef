// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { main, type CliIo } from '../dist/cli/index.js';
import { vector } from './vectors.js';

const good = vector('synthetic', 'plain');
const umlaut = vector('synthetic', 'umlaut');
const real = vector('iem-dcr', 'iem-dcr-2025-t4');

async function run(args: string[], files: Record<string, string | Uint8Array> = {}, stdin = '') {
  const out: string[] = [];
  const err: string[] = [];
  const io: CliIo = {
    readStdin: () => Promise.resolve(Buffer.from(stdin)),
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) throw new Error(`no such file: ${path}`);
      return Buffer.from(content);
    },
    fileExists: (path) => path in files,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  };
  return { code: await main(args, io), out: out.join('\n'), err: err.join('\n') };
}

describe('ocmf command', () => {
  it('verifies with a key text, a key file, DER and PEM', async () => {
    const der = Buffer.from(good.publicKey!, 'hex');
    const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
    const files = { 'a.ocmf': good.ocmf, 'key.txt': good.publicKey!, 'key.der': der, 'key.pem': pem };
    for (const key of [good.publicKey!, pem, 'key.txt', 'key.der', 'key.pem']) {
      const { code, out } = await run(['verify', '--key', key, 'a.ocmf'], files);
      expect({ code, out }).to.deep.equal({ code: 0, out: 'VALID T17: secp256r1' });
    }
  });

  it('takes a PEM text for -k too, and says what is wrong where another option stands', async () => {
    const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(good.publicKey!, 'hex').toString('base64')}\n-----END PUBLIC KEY-----`;
    expect((await run(['bill', '-k', pem, '-'], {}, good.ocmf)).code).to.equal(0);
    const { code, err } = await run(['bill', '--key', '--json', '-'], {}, good.ocmf);
    expect(code).to.equal(2);
    expect(err.split('\n')[0]).to.match(/^ocmf: .*--key.* argument is ambiguous\.$/);
  });

  it('reads records of a text that are set in', async () => {
    const { code, out } = await run(
      ['verify', '-k', good.publicKey!, '-'],
      {},
      `${good.ocmf}\n   ${good.ocmf}\n`,
    );
    expect({ code, lines: out.split('\n').length }).to.deep.equal({ code: 0, lines: 2 });
  });

  it('reads standard input', async () => {
    expect((await run(['verify', '--key', umlaut.publicKey!, '-'], {}, `${umlaut.ocmf}\n`)).code).to.equal(0);
  });

  it('tells about the quirks of the real meter', async () => {
    const { code, out } = await run(['verify', '--key', real.publicKey!, '-'], {}, real.ocmf);
    expect(code).to.equal(0);
    expect(out).to.include('s: high bit set without a leading 00');
  });

  it('ends with 1 for a wrong signature, a missing key and an unusable signature section', async () => {
    for (const id of ['tampered-rv', 'wrong-key', 'key-of-other-curve']) {
      const { ocmf, publicKey } = vector('synthetic', id);
      expect((await run(['verify', '--key', publicKey!, '-'], {}, ocmf)).code, id).to.equal(1);
    }
    const { code, out } = await run(['verify', '-'], {}, good.ocmf);
    expect({ code, out }).to.deep.equal({ code: 1, out: 'UNVERIFIABLE T17: secp256r1; no key given' });
    expect(
      (await run(['verify', '-k', good.publicKey!, '-'], {}, vector('malformed', 'sd-odd-hex').ocmf)).code,
    ).to.equal(1);
  });

  it('ends with 2 when it cannot read record, key or arguments', async () => {
    for (const id of ['empty', 'header-only', 'payload-truncated', 'html-error-page', 'wrong-header'])
      expect(
        (await run(['verify', '-k', good.publicKey!, '-'], {}, vector('malformed', id).ocmf)).code,
        id,
      ).to.equal(2);
    expect((await run(['verify', '-k', 'no key', '-'], {}, good.ocmf)).err).to.include('OCMF_KEY');
    for (const args of [
      [],
      ['verify'],
      ['sign', '-'],
      ['show', 'a', 'b'],
      ['show', '--what', '-'],
      ['show', 'missing'],
    ])
      expect((await run(args, {}, good.ocmf)).code, args.join(' ')).to.equal(2);
  });

  it('uses the key of the container and says so', async () => {
    const xml = `<values><value><signedData format="OCMF">${good.ocmf}</signedData><publicKey encoding="hex">${good.publicKey!}</publicKey></value></values>`;
    const { code, out } = await run(['verify', '-'], {}, xml);
    expect({ code, out }).to.deep.equal({
      code: 0,
      out: 'VALID T17: secp256r1; key taken from the container',
    });
  });

  it('prints JSON', async () => {
    const verdict = JSON.parse(
      (await run(['verify', '--json', '-k', good.publicKey!, '-'], {}, good.ocmf)).out,
    ) as object;
    expect(verdict).to.deep.include({ verified: true });
    const shown = JSON.parse((await run(['show', '--json', '-'], {}, good.ocmf)).out) as {
      records: { RD: { RV: string }[] }[];
    };
    expect(shown.records[0]!.RD.map(({ RV }) => RV)).to.deep.equal(['446.540', '483.902']);
    const billed = JSON.parse((await run(['bill', '--json', '-'], {}, good.ocmf)).out) as object;
    expect(billed).to.deep.include({
      billable: true,
      import: { register: '1-b:1.8.e', begin: '446.540', end: '483.902', energy: '37.362' },
      durationMs: 2_477_000,
    });
  });

  it('shows a table', async () => {
    const { code, out } = await run(['show', '-'], {}, good.ocmf);
    expect(code).to.equal(0);
    expect(out.split('\n')).to.include.members([
      'ID  identification        04281FD2FB7381',
      'B   2026-03-02T08:00:00,000+0100 I  1-b:1.8.e  446.540  kWh   DC    G',
    ]);
  });

  it('keeps control characters of a record off the terminal', async () => {
    const { out } = await run(['show', '-'], {}, 'OCMF|{"ID":"\\u001b[2J","RD":[]}|{"SD":"00"}');
    expect(out).to.not.include('\u001b');
  });

  it('keeps them off in every field, and lets no line break in a field begin a line', async () => {
    const bad = '\u001b[31m\u009b\nVALID forged';
    const reading = { TM: bad, TX: 'B', RV: 1, RI: '1-b:1.8.0', RU: bad, RT: bad, EF: 'E', ST: bad };
    const payload = { FV: bad, PG: bad, MS: 1, IL: bad, IF: [bad], RD: [reading, { ...reading, TX: 'E' }] };
    for (const section of [{ SA: bad, SD: '00' }, { SD: bad }, { SM: bad, SD: '00' }])
      for (const command of ['show', 'verify', 'bill']) {
        const text = `OCMF|${JSON.stringify({ ...payload, [bad]: bad })}|${JSON.stringify(section)}`;
        const { out, err } = await run([command, '-k', good.publicKey!, '-'], {}, text);
        const lines = `${out}\n${err}`.split('\n');
        for (const line of lines) expect(line, command).to.not.match(/\p{Cc}|^VALID/u);
      }
    expect((await run(['show', '\u001b[2J'])).err).to.not.include('\u001b');
  });

  it('bills with the energy to the last digit', async () => {
    const { code, out } = await run(
      ['bill', '-k', good.publicKey!, '-'],
      {},
      vector('synthetic', 'number-rv').ocmf,
    );
    expect(code).to.equal(0);
    expect(out.split('\n').slice(0, 2)).to.deep.equal([
      'BILLABLE',
      'import 37.360 kWh (1-b:1.8.e: 446.540 to 483.900 kWh)',
    ]);
    expect(out).to.include('lasted 00:41:17');
  });

  it('does not bill a record whose signature is wrong, or whose contents forbid it', async () => {
    expect(
      (await run(['bill', '-k', good.publicKey!, '-'], {}, vector('synthetic', 'tampered-rv').ocmf)).code,
    ).to.equal(1);
    const { code, out } = await run(['bill', '-'], {}, vector('synthetic', 'il-unknown').ocmf);
    expect(code).to.equal(1);
    expect(out).to.include('error identification-level');
  });

  describe('bill and keys', () => {
    // Two records of one transaction, each with one reading.
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const hex = publicKey.export({ type: 'spki', format: 'der' }).toString('hex');
    const record = (PG: string, TX: string, RV: number) => {
      const reading = { TM: '2026-03-02T08:00:00,000+0100 S', TX, RV, RI: '1-b:1.8.e', RU: 'kWh', ST: 'G' };
      const payload = JSON.stringify({ FV: '1.0', PG, MS: '1', IS: true, IT: 'NONE', RD: [reading] });
      return `OCMF|${payload}|{"SD":"${sign('sha256', Buffer.from(payload), privateKey).toString('hex')}"}`;
    };
    const records = [record('T1', 'B', 1), record('T2', 'E', 3)];
    const bill = async (...keys: (string | undefined)[]) => {
      const input = JSON.stringify(
        records.map((signedMeterData, index) => ({ signedMeterData, publicKey: keys[index] })),
      );
      const { code, out } = await run(['bill', '-'], {}, input);
      const json = JSON.parse((await run(['bill', '--json', '-'], {}, input)).out) as Record<string, unknown>;
      return { code, first: out.split('\n')[0], billable: json.billable, verified: json.verified };
    };

    it('bills records that all verify', async () => {
      const expected = { code: 0, first: 'BILLABLE', billable: true, verified: true };
      expect(await bill(hex, hex)).to.deep.equal(expected);
    });

    it('does not bill where one record verifies and another has no key', async () => {
      const expected = { code: 1, first: 'NOT BILLABLE', billable: false, verified: false };
      expect(await bill(hex, undefined)).to.deep.equal(expected);
    });

    it('says so where no record has a key', async () => {
      const first = 'BILLABLE by the contents; no signature was checked';
      expect(await bill()).to.deep.equal({ code: 0, first, billable: true, verified: false });
    });
  });

  it('ends quietly, with the code of what it found, when its reader goes away', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ocmf-'));
    try {
      const file = join(folder, 'many.ocmf');
      writeFileSync(file, `${good.ocmf}\n`.repeat(200));
      const bin = fileURLToPath(new URL('../bin/ocmf.js', import.meta.url));
      const child = spawn(process.execPath, [bin, 'show', file], { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.destroy();
      const [err] = await Promise.all([text(child.stderr), once(child, 'close')]);
      expect({ code: child.exitCode, err }).to.deep.equal({ code: 0, err: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('runs as a command', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ocmf-'));
    try {
      const file = join(folder, 'record.ocmf');
      writeFileSync(file, good.ocmf);
      const bin = fileURLToPath(new URL('../bin/ocmf.js', import.meta.url));
      const { status, stdout } = spawnSync(process.execPath, [bin, 'verify', '--key', good.publicKey!, file]);
      expect({ status, stdout: stdout.toString() }).to.deep.equal({
        status: 0,
        stdout: 'VALID T17: secp256r1\n',
      });
      expect(spawnSync(process.execPath, [bin, 'bill', '-'], { input: 'no record' }).status).to.equal(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

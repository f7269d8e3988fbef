// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const SCRIPT = fileURLToPath(new URL('../support/contained-process.js', import.meta.url));

/** Runs the script; `onLine` may send signals. */
async function run(
  failure: string,
  onLine: (line: string, child: ChildProcess) => void = () => undefined,
): Promise<{ readonly lines: readonly string[]; readonly code: number | null }> {
  const child = spawn(process.execPath, [SCRIPT, failure], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    onLine(line, child);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { lines, code };
}

describe('a process with modules', () => {
  const causes: { readonly [failure: string]: string } = {
    timer: 'in a timer',
    rejection: 'in a promise',
    later: 'after an await',
    socket: 'ECONNREFUSED',
    tick: 'in a tick',
  };
  // All at once: a process spends most of its short life with starting.
  const runs = new Map<string, ReturnType<typeof run>>();
  before(() => {
    for (const failure of Object.keys(causes)) runs.set(failure, run(failure));
  });
  for (const [failure, text] of Object.entries(causes))
    it(`puts an uncaught failure down to its module: ${failure}`, async () => {
      const { lines, code } = await runs.get(failure)!;
      const failed = lines.find((line) => line.startsWith('failed'))!;
      expect(failed).to.contain(text).and.to.contain('counter failed, user running');
      expect(lines.at(-1)).to.equal('stopped');
      expect(code).to.equal(0);
    });

  it('stops on a failure outside of every module, with an exit code that says so', async () => {
    const { lines, code } = await run('outside');
    expect(lines).to.deep.equal(['running', 'shutdown counter', 'stopped']);
    expect(code).to.equal(1);
  });

  it('stops in order on SIGINT', async () => {
    const { lines, code } = await run('none', (line, child) => {
      if (line === 'running') child.kill('SIGINT');
    });
    expect(lines).to.deep.equal(['running', 'shutdown counter', 'stopped']);
    expect(code).to.equal(0);
  });

  it('takes what a module leaves running at its shutdown for no failure', async () => {
    const { lines, code } = await run('leftover', (line, child) => {
      if (line === 'running') child.kill('SIGTERM');
    });
    expect(lines).to.deep.equal(['running', 'shutdown counter', 'stopped']);
    expect(code).to.equal(0);
  });

  it('stops at once on a signal during the start', async () => {
    const { lines, code } = await run('slow-init', (line, child) => {
      if (line === 'init') child.kill('SIGTERM');
    });
    expect(lines).to.deep.equal(['init', 'shutdown counter', 'stopped']);
    expect(code).to.equal(0);
  });

  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    it(`ends at once on a second ${signal}`, async () => {
      const { lines, code } = await run('hang', (line, child) => {
        if (line === 'running' || line === 'shutdown counter') child.kill(signal);
      });
      expect(lines).to.deep.equal(['running', 'shutdown counter', 'exit']);
      expect(code).to.equal(expected);
    });
});

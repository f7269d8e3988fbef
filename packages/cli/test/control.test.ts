// SPDX-License-Identifier: Apache-2.0
import { tempDir, type TempDir } from '@carabiner/testkit';
import {
  ControlClient,
  ControlServer,
  ExitCode,
  socketPathOf,
  UserError,
  type ControlTarget,
} from 'carabiner';
import { expect } from 'chai';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { LineReader } from '../dist/control/line-reader.js';
import { prepareRuntimeDir, runtimeDir } from '../dist/control/socket-path.js';
import { eventually } from './test-project.js';

function target(call: ControlTarget['call']): ControlTarget {
  return {
    state: 'running',
    modules: () => [],
    activeErrors: () => [],
    observe: () => ({ unsubscribe: () => undefined, [Symbol.dispose]: () => undefined }),
    swap: async () => undefined,
    stop: () => undefined,
    call,
  };
}

async function caught(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('did not reject');
}

describe('control socket', () => {
  let folder: TempDir;
  let path: string;
  beforeEach(async () => {
    folder = await tempDir();
    path = folder.join('run/charger.sock');
  });
  afterEach(async () => {
    await folder.remove();
  });

  it('answers requests in the order of their results, not of their arrival', async () => {
    const release: (() => void)[] = [];
    const server = await ControlServer.open(
      target(async (_module, _implementation, command) => {
        if (command === 'slow') await new Promise<void>((resolve) => release.push(resolve));
        return command;
      }),
      'charger.yaml',
      path,
    );
    const client = await ControlClient.open(path, 'charger.yaml');
    const params = { moduleId: 'a', implementationId: 'main', args: {} };
    const slow = client.request('call', { ...params, command: 'slow' });
    expect(await client.request('call', { ...params, command: 'quick' })).to.equal('quick');
    release[0]?.();
    expect(await slow).to.equal('slow');
    client.close();
    await server.close();
  });

  it('survives nonsense and says what is wrong with it', async () => {
    const server = await ControlServer.open(
      target(async () => null),
      'charger.yaml',
      path,
    );
    const socket = connect(path);
    let answers = '';
    socket.setEncoding('utf8').on('data', (chunk) => (answers += chunk.toString()));
    socket.write(
      'nonsense\n[1]\n{"id":"x","method":"status"}\n{"id":7,"method":"toString"}\n{"id":8,"method":"call"}\n',
    );
    socket.write('\n\n{"id":9,"method":"status"}\n');
    await eventually(() => answers.includes('"id":9'), 'an answer');
    const lines = answers
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; error?: { message: string } });
    expect(lines.map(({ id }) => id)).to.deep.equal([0, 0, 0, 7, 8, 9]);
    expect(lines[3]?.error?.message).to.equal('unknown method "toString"');
    expect(lines[4]?.error?.message).to.equal('"moduleId" must be a text');
    socket.destroy();
    await server.close();
  });

  it('aborts the calls of a command line that went away', async () => {
    let aborted = false;
    const server = await ControlServer.open(
      target(async (_module, _implementation, _command, _args, { signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        aborted = true;
      }),
      'charger.yaml',
      path,
    );
    const client = await ControlClient.open(path, 'charger.yaml');
    const call = client.request('call', { moduleId: 'a', implementationId: 'b', command: 'c', args: {} });
    client.close();
    expect((await caught(call)).message).to.include('closed the connection');
    await eventually(() => aborted, 'the abort');
    await server.close();
  });

  it('takes the place of a socket that a killed instance left behind', async () => {
    await mkdir(folder.join('run'), { mode: 0o700 });
    await writeFile(path, '');
    const server = await ControlServer.open(
      target(async () => null),
      'charger.yaml',
      path,
    );
    const client = await ControlClient.open(path, 'charger.yaml');
    expect(await client.request('status', {})).to.include({ composition: 'charger.yaml', state: 'running' });
    client.close();
    await server.close();
  });

  it('refuses a folder that others may enter', async () => {
    await mkdir(folder.join('run'));
    await chmod(folder.join('run'), 0o755);
    expect(() => prepareRuntimeDir(folder.join('run'))).to.throw(UserError, 'mode 0700');
  });

  it('tells that nothing runs, with an exit code of its own', async () => {
    const error = await caught(ControlClient.open(path, 'charger.yaml'));
    expect(error).to.be.instanceOf(UserError).and.include({ exitCode: ExitCode.noInstance });
  });

  it('has one path for each composition file, however it is named', async () => {
    await writeFile(folder.join('charger.yaml'), '');
    const env = { XDG_RUNTIME_DIR: folder.path };
    const direct = socketPathOf(folder.join('charger.yaml'), env);
    expect(socketPathOf(folder.join('x/../charger.yaml'), env)).to.equal(direct);
    expect(socketPathOf(folder.join('other.yaml'), env)).not.to.equal(direct);
    expect(direct).to.match(/\/carabiner\/charger-[0-9a-f]{10}\.sock$/);
    expect(runtimeDir({})).to.match(/carabiner-\w+$/);
    expect(runtimeDir({ CARABINER_RUNTIME_DIR: '/x', XDG_RUNTIME_DIR: '/y' })).to.equal('/x');
  });

  it('cuts lines wherever chunks end, and refuses one without end', () => {
    const reader = new LineReader();
    expect(reader.push('{"a"')).to.deep.equal([]);
    expect(reader.push(':1}\n{}\n{')).to.deep.equal(['{"a":1}', '{}']);
    expect(() => reader.push('x'.repeat(5 * 1024 * 1024))).to.throw(RangeError);
  });
});

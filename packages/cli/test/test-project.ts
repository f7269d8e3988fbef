// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import { tempDir } from '@carabiner/testkit';
import { runCli, type CliIo } from 'carabiner';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const FIXTURES = fileURLToPath(new URL('../test/fixtures/packages/', import.meta.url));
const PACKAGES = fileURLToPath(new URL('../../', import.meta.url));

export const COMPOSITION = `active_modules:
  imd:
    module: AcmeImd
    config_module:
      serial: A-17
  listener:
    module: Listener
    connections:
      imd:
        - module_id: imd
          implementation_id: main
`;

/** A terminal that remembers what it was shown. */
export class TestTerminal implements CliIo {
  readonly env: Readonly<Record<string, string>>;
  readonly clock = systemClock;
  stdout = '';
  stderr = '';
  readonly exits: number[] = [];
  readonly #handlers = new Set<(signal: string) => void>();

  constructor(
    readonly cwd: string,
    runtimeDir: string,
    readonly isTerminal = false,
    readonly columns = 100,
  ) {
    this.env = { CARABINER_RUNTIME_DIR: runtimeDir };
  }

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }

  onSignal(handler: (signal: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  signal(name = 'SIGINT'): void {
    for (const handler of this.#handlers) handler(name);
  }

  exit(code: number): void {
    this.exits.push(code);
  }
}

/** A folder with a composition and two installed packages. */
export interface TestProject extends AsyncDisposable {
  readonly path: string;
  terminal(isTerminal?: boolean): TestTerminal;
  write(name: string, text: string): Promise<void>;
  /** Runs one command line to its end. */
  carabiner(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** Runs one command line until `stop`, which gives its exit code. */
  start(...args: readonly string[]): { readonly terminal: TestTerminal; readonly ended: Promise<number> };
}

export async function testProject(composition = COMPOSITION): Promise<TestProject> {
  const folder = await tempDir('carabiner-cli-');
  await mkdir(folder.join('node_modules/@carabiner'), { recursive: true });
  await cp(FIXTURES, folder.join('node_modules'), { recursive: true });
  for (const name of ['core', 'interfaces', 'clock'])
    await symlink(`${PACKAGES}${name}`, folder.join('node_modules/@carabiner', name));
  const write = async (name: string, text: string): Promise<void> => {
    await writeFile(folder.join(name), text);
  };
  await write('charger.yaml', composition);
  const terminal = (isTerminal = false): TestTerminal =>
    new TestTerminal(folder.path, folder.join('run'), isTerminal);
  const start: TestProject['start'] = (...args) => {
    const own = terminal();
    return { terminal: own, ended: runCli(args, own) };
  };
  return {
    path: folder.path,
    terminal,
    write,
    start,
    carabiner: async (...args) => {
      const own = terminal();
      const code = await runCli(args, own);
      return { code, stdout: own.stdout, stderr: own.stderr };
    },
    [Symbol.asyncDispose]: async () => {
      await folder.remove();
    },
  };
}

/** Waits in real time, a few seconds at most. */
export async function eventually(condition: () => boolean, what: string, timeoutMs = 8_000): Promise<void> {
  const endMs = systemClock.monotonic() + timeoutMs;
  while (!condition()) {
    if (systemClock.monotonic() > endMs) throw new Error(`${what} did not happen`);
    await systemClock.sleep(5);
  }
}

// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { Writable } from 'node:stream';
import type { LogLevel, LogOptions, Runtime } from '@carabiner/core';
import type { System } from '@carabiner/everest';
import { Option } from 'commander';
import type { CliIo } from '../cli-io.js';
import type { RegisterCommand } from '../command.js';
import { ControlServer } from '../control/control-server.js';
import { socketPathOf } from '../control/socket-path.js';
import { ExitCode } from '../exit-codes.js';
import { installedModules } from '../installed-modules.js';
import { StatusLine } from '../status-line.js';
import { UserError } from '../user-error.js';

const EXAMPLES = `
Checks the composition first and starts nothing when there is an error. Ctrl-C (or SIGTERM) shuts all modules down,
consumers before providers; a second one ends the process at once.

Examples:
  $ carabiner run charger.yaml
  $ carabiner run charger.yaml --log-level debug
  $ carabiner run charger.yaml --boot-times     what the start spent its time on
`;

interface RunOptions {
  readonly logLevel?: LogLevel;
  readonly logFormat: 'auto' | 'pretty' | 'json';
  readonly bootTimes?: boolean;
  readonly control: boolean;
  readonly host?: string;
  readonly strict?: boolean;
}

/** `carabiner run`: a composition at work, until it is asked to stop. */
export const registerRun: RegisterCommand = (program, { io, exitWith }) => {
  program
    .command('run')
    .description('run a composition')
    .argument('<composition>', 'a YAML file')
    .addOption(
      new Option('-l, --log-level <level>', 'what is logged').choices([
        'silent',
        'error',
        'warn',
        'info',
        'debug',
        'trace',
      ]),
    )
    .addOption(
      new Option('--log-format <format>', 'auto is pretty on a terminal and json otherwise')
        .choices(['auto', 'pretty', 'json'])
        .default('auto'),
    )
    .option('--boot-times', 'print what the start spent its time on')
    .option(
      '--host <name>',
      "run the modules marked with this host only; without it: those of no host, and the manager's part",
    )
    .option(
      '--strict',
      "end everything when a module's process ends, as EVerest does, instead of starting it again",
    )
    .option('--no-control', 'no control socket: call, watch, swap and stop cannot reach this instance')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: RunOptions) => {
      const path = resolve(io.cwd, file);
      if (!existsSync(path)) throw new UserError(`there is no file ${file}`);
      const status = new StatusLine(io);
      const stop = new AbortController();
      const outcome = { failed: false };
      const end = (reason: string, asked: boolean): void => {
        status.write(`${reason}\n`);
        outcome.failed ||= !asked;
        stop.abort();
      };
      const runtime = await prepare(path, options, status, io, end);
      if (runtime === undefined) {
        exitWith(ExitCode.failed);
        return;
      }
      const code = await new Run(runtime, path, options, status, io, stop).untilStopped();
      exitWith(outcome.failed ? ExitCode.failed : code);
    });
};

/** Checks and loads; undefined when there are errors, which were shown. */
async function prepare(
  path: string,
  options: RunOptions,
  status: StatusLine,
  io: CliIo,
  end: (reason: string, asked: boolean) => void,
): Promise<Runtime | undefined> {
  const { CompositionError, createRuntime } = await import('@carabiner/core');
  const { reportFindings } = await import('../findings-report.js');
  const { logLevel, logFormat } = options;
  const pretty = logFormat === 'auto' ? io.isTerminal : logFormat === 'pretty';
  const log = {
    format: pretty ? ('pretty' as const) : ('json' as const),
    destination: lineStream((text) => status.write(text)),
    ...(logLevel === undefined ? {} : { level: logLevel }),
  };
  const system = await openOtherProcesses(path, options, log, end, io);
  try {
    const runtime = await createRuntime({
      file: path,
      clock: io.clock,
      log: system?.log ?? log,
      ...(system === undefined ? {} : { remote: system.remote }),
    });
    system?.attach(runtime);
    if (runtime.findings.length > 0) io.err(reportFindings(runtime.findings, io.cwd));
    return runtime;
  } catch (thrown) {
    await system?.close();
    if (!(thrown instanceof CompositionError)) throw thrown;
    io.err(reportFindings(thrown.findings, io.cwd));
    return undefined;
  }
}

/** The way to modules of other processes, where the composition has any. */
async function openOtherProcesses(
  file: string,
  { host, strict = false }: RunOptions,
  log: LogOptions,
  end: (reason: string, asked: boolean) => void,
  io: CliIo,
): Promise<System | undefined> {
  const { CompositionSource, readComposition } = await import('@carabiner/core/composition');
  const { configuration } = readComposition(CompositionSource.read(file));
  const { needsSystem } = await import('@carabiner/everest/needs-system');
  if (!needsSystem(configuration, host)) return undefined;
  // By its own entry, since the whole library is twice as much to load.
  const { openSystem } = await import('@carabiner/everest/open-system');
  return await openSystem({
    file,
    strict,
    clock: io.clock,
    log,
    onEnd: end,
    ...(host === undefined ? {} : { host }),
  });
}

function lineStream(write: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write: (chunk: unknown, _encoding, done) => {
      write(String(chunk));
      done();
    },
  });
}

/** One run from start to stop. */
class Run {
  constructor(
    private readonly runtime: Runtime,
    private readonly path: string,
    private readonly options: RunOptions,
    private readonly status: StatusLine,
    private readonly io: CliIo,
    private readonly stop: AbortController,
  ) {}

  /** Returns what the process should end with. */
  async untilStopped(): Promise<number> {
    const { formatBootTree, runUntilStopped } = await import('@carabiner/core');
    const { io, runtime, status } = this;
    const offSignals = this.#onSignals();
    const observing = runtime.observe((event) => status.saw(event));
    let server: ControlServer | undefined;
    try {
      // Before the start: a second instance must not touch the hardware of the first.
      if (this.options.control) server = await this.#openControl();
      status.start(runtime);
      const code = await runUntilStopped(runtime, {
        signal: this.stop.signal,
        onRunning: () => {
          if (this.options.bootTimes === true) status.write(`${formatBootTree(runtime.bootTree)}\n`);
        },
      });
      status.stop();
      io.err(`${relative(io.cwd, this.path)} has stopped\n`);
      return code;
    } finally {
      await runtime.stop();
      status.stop();
      observing.unsubscribe();
      await server?.close();
      offSignals();
    }
  }

  async #openControl(): Promise<ControlServer> {
    const { io, path, runtime } = this;
    const target = {
      get state() {
        return runtime.state;
      },
      modules: () => runtime.modules(),
      activeErrors: () => runtime.activeErrors(),
      observe: (...args: Parameters<Runtime['observe']>) => runtime.observe(...args),
      call: async (...args: Parameters<Runtime['call']>) => await runtime.call(...args),
      swap: async (moduleId: string, replacement: string) => {
        const known = (await installedModules(dirname(path))).some(({ module }) => module === replacement);
        await runtime.replace(moduleId, known ? { module: replacement } : replacement);
      },
      stop: () => this.stop.abort(),
    };
    return await ControlServer.open(target, relative(io.cwd, path), socketPathOf(path, io.env));
  }

  #onSignals(): () => void {
    return this.io.onSignal((signal) => {
      if (this.stop.signal.aborted) {
        this.status.stop();
        this.io.exit(signal === 'SIGTERM' ? ExitCode.terminated : ExitCode.interrupted);
      }
      this.stop.abort();
    });
  }
}

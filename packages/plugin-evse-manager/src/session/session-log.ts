// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';

/** Options of the session log. */
export interface SessionLogConfig {
  readonly enabled: boolean;
  readonly folder: string;
  /** `session_uuid` stands for the id of the session. */
  readonly suffix: string;
}

/** What is written to the log. */
export interface SessionLogPorts {
  now(): number;
  warn(message: string, fields: object): void;
}

const COLUMNS = 'time,origin,target,message,value\n';

/** A CSV file for each session. Trouble with the file system never reaches the session. */
export class SessionLog {
  #folder: string | undefined;

  constructor(
    private readonly config: SessionLogConfig,
    private readonly ports: SessionLogPorts,
  ) {}

  /** @returns the folder of the log, undefined when none is written */
  begin(sessionId: string): string | undefined {
    if (!this.config.enabled) return undefined;
    const stamp = new Date(this.ports.now()).toISOString();
    const suffix = this.config.suffix === 'session_uuid' ? sessionId : this.config.suffix;
    const root = path.resolve(this.config.folder);
    const folder = path.resolve(root, `${stamp}-${suffix}`);
    if (path.dirname(folder) !== root) {
      this.ports.warn('suffix of the session log leaves its folder; no log is written', { suffix });
      return undefined;
    }
    this.#folder = folder;
    this.#guard(() => {
      mkdirSync(folder, { recursive: true });
      appendFileSync(path.join(folder, 'incomplete-eventlog.csv'), COLUMNS);
    });
    return this.#folder;
  }

  /** Adds a line. */
  note(origin: string, target: string, message: string, value?: unknown): void {
    const folder = this.#folder;
    if (folder === undefined) return;
    const time = new Date(this.ports.now()).toISOString();
    const text = value === undefined ? '' : JSON.stringify(value);
    const cells = [time, origin, target, message, text].map((cell) => `"${cell.replaceAll('"', '""')}"`);
    this.#guard(() => appendFileSync(path.join(folder, 'incomplete-eventlog.csv'), `${cells.join(',')}\n`));
  }

  /** The session is over: the file loses its mark. */
  end(): void {
    const folder = this.#folder;
    this.#folder = undefined;
    if (folder === undefined) return;
    this.#guard(() =>
      renameSync(path.join(folder, 'incomplete-eventlog.csv'), path.join(folder, 'eventlog.csv')),
    );
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#folder = undefined;
      this.ports.warn('session log could not be written', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}

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

const COLUMNS = ['time', 'origin', 'target', 'message', 'value'];

const csvRow = (cells: readonly string[]): string =>
  `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\n`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const htmlRow = (cells: readonly string[]): string =>
  `<tr>${cells.map((cell) => `<td>${cell.replace(/[&<>]/g, (sign) => ENTITIES[sign] ?? sign)}</td>`).join('')}</tr>\n`;

/** What a file of the log begins with, how a line is written, and what it ends with. */
interface LogFormat {
  readonly extension: 'csv' | 'html';
  readonly head: string;
  readonly row: (cells: readonly string[]) => string;
  readonly tail: string;
}

const FORMATS: readonly LogFormat[] = [
  { extension: 'csv', head: `${COLUMNS.join(',')}\n`, row: csvRow, tail: '' },
  {
    extension: 'html',
    head: `<!doctype html>\n<meta charset="utf-8">\n<title>Session log</title>\n<table>\n<tr>${COLUMNS.map((name) => `<th>${name}</th>`).join('')}</tr>\n`,
    row: htmlRow,
    tail: '</table>\n',
  },
];

/** A CSV and an HTML file for each session. Trouble with the file system never reaches the session. */
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
      for (const { extension, head } of FORMATS) {
        appendFileSync(path.join(folder, `incomplete-eventlog.${extension}`), head);
      }
    });
    return this.#folder;
  }

  /** Adds a line. */
  note(origin: string, target: string, message: string, value?: unknown): void {
    const folder = this.#folder;
    if (folder === undefined) return;
    const time = new Date(this.ports.now()).toISOString();
    const text = value === undefined ? '' : JSON.stringify(value);
    const cells = [time, origin, target, message, text];
    this.#guard(() => {
      for (const { extension, row } of FORMATS) {
        appendFileSync(path.join(folder, `incomplete-eventlog.${extension}`), row(cells));
      }
    });
  }

  /** The session is over: the files lose their mark. */
  end(): void {
    const folder = this.#folder;
    this.#folder = undefined;
    if (folder === undefined) return;
    this.#guard(() => {
      for (const { extension, tail } of FORMATS) {
        const unfinished = path.join(folder, `incomplete-eventlog.${extension}`);
        appendFileSync(unfinished, tail);
        renameSync(unfinished, path.join(folder, `eventlog.${extension}`));
      }
    });
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

// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { isMap, isNode, isScalar, isSeq, parseDocument, type Document, type Node } from './yaml.js';
import { formatPath, type Finding, type Position, type Severity, type YamlPath } from './finding.js';
import type { Json } from './json.js';
import { LineIndex } from './line-index.js';
import { isFloatText, NodeReader } from './yaml-nodes.js';

/** What a finding says besides its place. */
export interface FindingText {
  readonly code: string;
  readonly message: string;
  /** Default `error`. */
  readonly severity?: Severity;
  readonly expected?: string;
  readonly suggestion?: string | undefined;
  /** Where the finding points: at the key of the last path step, or at its value. Default `value`. */
  readonly at?: 'key' | 'value';
}

/** Mistakes whose message ends with a part of the file, which may be one of a secret. */
const QUOTING =
  /^(Block scalar header includes extra characters|Could not resolve tag|Invalid escape sequence):? .*$/s;

/** A YAML file: its data as EVerest reads it, and where each value stands. */
export class YamlSource {
  /** As the user named it; used in findings. */
  readonly file: string;
  /** The data; null for an empty file or one that cannot be parsed. */
  readonly value: Json;
  /** What is wrong with the file as YAML. With an error among them, `value` may be incomplete. */
  readonly findings: readonly Finding[];
  /** The licence that a comment at the top names (`SPDX-License-Identifier`). */
  readonly license: string | undefined;
  readonly #document: Document | undefined;
  readonly #lines: LineIndex;

  /** For data that came from elsewhere: positions are all 1:1. */
  constructor(
    file: string,
    value: Json,
    findings: readonly Finding[] = [],
    document?: Document,
    lines = new LineIndex(''),
  ) {
    this.file = file;
    this.value = value;
    this.findings = findings;
    this.#document = document;
    this.license = document === undefined ? undefined : licenseOf(document);
    this.#lines = lines;
  }

  /** Parses YAML text. Never throws: what is wrong is in {@link YamlSource.findings}. */
  static parse(text: string, file: string): YamlSource {
    const lines = new LineIndex(text);
    const document = parseDocument(text, {
      schema: 'failsafe',
      version: '1.2',
      prettyErrors: false,
    });
    const findings: Finding[] = [];
    const report = (
      offset: number,
      path: YamlPath,
      text: Pick<Finding, 'code' | 'message' | 'expected'>,
    ): void => {
      findings.push({
        file,
        ...lines.position(offset),
        path: formatPath(path),
        severity: 'error',
        ...text,
      });
    };
    for (const error of document.errors.filter(({ code }) => code === 'DUPLICATE_KEY')) {
      const key = /^(?:"[^"]*"|'[^']*'|[^:\n]*)/.exec(text.slice(error.pos[0]))?.[0].trim() ?? '';
      report(error.pos[0], [], { code: 'duplicate-key', message: `duplicate key '${key}'` });
    }
    // What follows the first mistake in the syntax is mostly a consequence of it.
    const mistake = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY');
    if (mistake !== undefined) {
      const several = mistake.code === 'MULTIPLE_DOCS';
      const message = several ? 'a second document begins' : mistake.message.replace(QUOTING, '$1');
      report(mistake.pos[0], [], {
        code: 'yaml-syntax',
        message,
        ...(several && { expected: 'one document in a file' }),
      });
      return new YamlSource(file, null, findings, document, lines);
    }
    const value = new NodeReader(report).read(document.contents);
    return new YamlSource(file, value, findings, document, lines);
  }

  /**
   * Reads a file. Never throws: a file that cannot be read gives a finding `unreadable-file`.
   *
   * @param path where the file is
   * @param file how findings name it; default `path`
   */
  static read(path: string, file = path): YamlSource {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
      const text: FindingText = { code: 'unreadable-file', message: `the file cannot be read (${reason})` };
      return new YamlSource(file, null, [new YamlSource(file, null).finding([], text)]);
    }
    return YamlSource.parse(text, file);
  }

  /** Where the value at `path` (or its key) stands; for a path that does not exist, its nearest ancestor. */
  position(path: YamlPath, at: 'key' | 'value' = 'value'): Position {
    let node: Node | null = this.#document?.contents ?? null;
    let offset = node?.range?.[0] ?? 0;
    for (const [depth, step] of path.entries()) {
      let next: Node | null = null;
      if (isMap(node)) {
        const pair = node.items.find((item) => isScalar(item.key) && item.key.source === String(step));
        if (pair === undefined || !isScalar(pair.key)) break;
        next = (pair.value ?? null) as Node | null;
        const keyOffset = pair.key.range?.[0] ?? offset;
        const wantsKey = at === 'key' && depth === path.length - 1;
        // An empty value has no place of its own worth pointing at.
        const empty = next === null || (isScalar(next) && next.source === '' && next.type === 'PLAIN');
        offset = wantsKey || empty ? keyOffset : (next?.range?.[0] ?? keyOffset);
      } else if (isSeq(node)) {
        next = (node.items[Number(step)] ?? null) as Node | null;
        if (next === null) break;
        offset = next.range?.[0] ?? offset;
      } else break;
      node = next;
    }
    return this.#lines.position(offset);
  }

  /**
   * The text of a number that is written with a fraction or an exponent (`5.0`, `1e3`): no integer to EVerest, whatever
   * its value. Undefined for all else, and for data that came from elsewhere.
   */
  floatText(path: YamlPath): string | undefined {
    const node = this.#document?.getIn(path, true);
    return isScalar(node) && node.type === 'PLAIN' && isFloatText(String(node.value))
      ? String(node.value)
      : undefined;
  }

  /** A finding at `path`. */
  finding(path: YamlPath, text: FindingText): Finding {
    const { code, message, severity = 'error', expected, suggestion, at } = text;
    return {
      file: this.file,
      ...this.position(path, at),
      path: formatPath(path),
      severity,
      code,
      message,
      ...(expected === undefined ? {} : { expected }),
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  }
}

function licenseOf({ commentBefore, contents }: Document): string | undefined {
  // a comment right above the first key belongs to that key
  const firstKey = isMap(contents) ? contents.items[0]?.key : undefined;
  const comments = [commentBefore, isNode(firstKey) ? firstKey.commentBefore : undefined];
  return /SPDX-License-Identifier:\s*(.+?)\s*$/m.exec(comments.join('\n'))?.[1];
}

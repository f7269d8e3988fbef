// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  YamlSource,
  isJsonObject,
  type Finding,
  type FindingText,
  type Json,
  type Position,
  type YamlPath,
} from '@carabiner/dialect';

import { dropDuplicateKeys } from './duplicate-keys.js';

/** Where the overlay of a composition lies: `user-config/<same name>` beside it. */
export function overlayPathOf(compositionPath: string): string {
  return join(dirname(compositionPath), 'user-config', basename(compositionPath));
}

/**
 * A composition file with its overlay merged in (RFC 7396: maps merge, all else replaces, null deletes). A finding names
 * the file its value came from.
 */
export class CompositionSource extends YamlSource {
  constructor(
    private readonly base: YamlSource,
    private readonly overlay: YamlSource | undefined,
  ) {
    super(
      base.file,
      overlay?.value === undefined || overlay.value === null
        ? base.value
        : mergePatch(base.value, overlay.value),
      [...base.findings, ...(overlay?.findings ?? [])],
    );
  }

  /** Reads a composition and the overlay beside it, if there is one. */
  static override read(path: string, file = path): CompositionSource {
    const overlayPath = overlayPathOf(path);
    return new CompositionSource(
      readFile(path, file),
      existsSync(overlayPath) ? readFile(overlayPath, overlayPathOf(file)) : undefined,
    );
  }

  /** Parses a composition without overlay. */
  static override parse(text: string, file: string): CompositionSource {
    return new CompositionSource(parse(text, file), undefined);
  }

  /** A composition that is data already. */
  static of(value: unknown, file = 'composition'): CompositionSource {
    // Through JSON, so that what is no data (undefined, functions) vanishes as it would in a file.
    return new CompositionSource(
      new YamlSource(file, JSON.parse(JSON.stringify(value ?? null)) as Json),
      undefined,
    );
  }

  override finding(path: YamlPath, text: FindingText): Finding {
    return this.#sourceOf(path).finding(path, text);
  }

  override floatText(path: YamlPath): string | undefined {
    return this.#sourceOf(path).floatText(path);
  }

  #sourceOf(path: YamlPath): YamlSource {
    const { overlay } = this;
    if (overlay === undefined || overlay.value === null) return this.base;
    // An overlay that is no map has taken the place of everything.
    return !isJsonObject(overlay.value) || contains(overlay.value, path) ? overlay : this.base;
  }
}

function readFile(path: string, file: string): YamlSource {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // For its finding, which says why.
    return YamlSource.read(path, file);
  }
  return parse(text, file);
}

function parse(text: string, file: string): YamlSource {
  const source = YamlSource.parse(text, file);
  if (!source.findings.some(({ code }) => code === 'duplicate-key')) return source;
  const { text: kept, findings } = dropDuplicateKeys(text, file);
  return new WithFindings(YamlSource.parse(kept, file), findings);
}

/** A source with findings that were made before it was parsed. */
class WithFindings extends YamlSource {
  constructor(
    private readonly inner: YamlSource,
    findings: readonly Finding[],
  ) {
    super(inner.file, inner.value, [...findings, ...inner.findings]);
  }

  override position(path: YamlPath, at?: 'key' | 'value'): Position {
    return this.inner.position(path, at);
  }

  override floatText(path: YamlPath): string | undefined {
    return this.inner.floatText(path);
  }
}

function contains(value: Json, path: YamlPath): boolean {
  let present: Json | undefined = value;
  for (const step of path) {
    if (typeof present !== 'object' || present === null || !Object.hasOwn(present, step)) return false;
    present = (present as { readonly [step: string | number]: Json })[step];
  }
  return path.length > 0;
}

/** RFC 7396. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const merged: { [key: string]: Json } = isJsonObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = mergePatch(merged[key] ?? null, value);
  }
  return merged;
}

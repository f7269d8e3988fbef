// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  YamlSource,
  isJsonObject,
  type Finding,
  type FindingText,
  type Json,
  type YamlPath,
} from '@carabiner/dialect';

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
      YamlSource.read(path, file),
      existsSync(overlayPath) ? YamlSource.read(overlayPath, overlayPathOf(file)) : undefined,
    );
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
    const { overlay } = this;
    const source = overlay !== undefined && contains(overlay.value, path) ? overlay : this.base;
    return source.finding(path, text);
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

// SPDX-License-Identifier: Apache-2.0
import { dirname, resolve } from 'node:path';
import { CompositionSource, readComposition, type CompositionOptions } from '@carabiner/core';
import { Placements } from '../manager-role/placement.js';

/**
 * Declarations of the modules that an EVerest installation has and no npm package, and why one is missing, for a check of a
 * composition that uses them. Nothing is executed.
 *
 * @param file - path of the composition
 * @param prefix - of the installation; default that of the composition's settings
 */
export function installedShapes(
  file: string,
  prefix?: string,
): Pick<CompositionOptions, 'shapeOf' | 'whyMissing'> {
  const { settings } = readComposition(CompositionSource.read(file)).configuration;
  const placements = new Placements(
    prefix === undefined ? settings : { ...settings, everest: { ...settings.everest, prefix } },
    dirname(resolve(file)),
    undefined,
  );
  return {
    shapeOf: (entry) => placements.shapeOf(entry),
    whyMissing: (entry) => placements.whyMissing(entry),
  };
}

// SPDX-License-Identifier: Apache-2.0
import {
  compareSpecs,
  formatFindings,
  hasErrors,
  isBreaking,
  SpecSet,
  type Change,
} from '@carabiner/dialect';
import { PROCESS, type ExitCode, type Terminal } from './run.js';

/** How {@link diff} reports. */
export interface DiffOptions {
  /** One JSON object instead of lines. */
  readonly json?: boolean;
}

/**
 * Compares two directories of specifications and reports each change with what it means for providers and consumers.
 *
 * @returns 0 compatible, 1 something breaks, 2 the specifications have errors
 */
export function diff(
  before: string,
  after: string,
  options: DiffOptions = {},
  terminal: Terminal = PROCESS,
): ExitCode {
  const [old, now] = [SpecSet.read([{ path: before }]), SpecSet.read([{ path: after }])];
  const findings = [...old.findings, ...now.findings].filter(({ severity }) => severity === 'error');
  if (hasErrors(findings)) {
    terminal.error(formatFindings(findings));
    return 2;
  }
  const changes = compareSpecs(old, now);
  const breaking = changes.filter(isBreaking);
  if (options.json === true) {
    terminal.out(JSON.stringify({ breaking: breaking.length > 0, changes }, undefined, 2));
  } else {
    for (const change of changes) terminal.out(formatChange(change));
    terminal.out(
      changes.length === 0 ? 'no changes' : `${changes.length} changes, ${breaking.length} of them breaking`,
    );
  }
  return breaking.length > 0 ? 1 : 0;
}

/** `types/units types.Voltage…: breaks consumers: value "X" added [enum-value-added]` */
export function formatChange({ file, path, kind, message, providers, consumers }: Change): string {
  const broken = [
    ...(providers === 'breaking' ? ['providers'] : []),
    ...(consumers === 'breaking' ? ['consumers'] : []),
  ];
  const verdict = broken.length === 0 ? 'compatible' : `breaks ${broken.join(' and ')}`;
  return `${file}${path === '' ? '' : ` ${path}`}: ${verdict}: ${message} [${kind}]`;
}

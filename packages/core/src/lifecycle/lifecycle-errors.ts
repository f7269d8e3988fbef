// SPDX-License-Identifier: Apache-2.0
import { formatFindings, nearestName, sortFindings, type Finding } from '@carabiner/dialect';
import { CarabinerError } from '../exceptions/index.js';

/** The composition cannot run; every reason is among the findings. */
export class CompositionError extends CarabinerError {
  readonly code = 'COMPOSITION_REFUSED';
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    const sorted = sortFindings(findings);
    super(formatFindings(sorted.filter(({ severity }) => severity === 'error')));
    this.findings = sorted;
  }
}

/** Steps of a module's life that can fail. */
export type LifeStep = 'load' | 'construct' | 'connect' | 'init' | 'ready' | 'shutdown';

/** A step of a module's life failed or took too long. */
export class ModuleStepError extends CarabinerError {
  readonly code = 'MODULE_STEP_FAILED';

  constructor(
    readonly moduleId: string,
    readonly step: LifeStep,
    reason: string,
    cause?: Error,
  ) {
    super(`module ${moduleId}: ${step} ${reason}`, cause === undefined ? undefined : { cause });
  }
}

/** Something was asked of the runtime that its state does not allow. */
export class RuntimeStateError extends CarabinerError {
  readonly code = 'WRONG_STATE';
}

/** The caller named a module, command or parameter that does not exist. */
export class UnknownNameError extends CarabinerError {
  readonly code = 'UNKNOWN_NAME';

  /**
   * @param message - what does not exist
   * @param name - the name as given, and `known`, what there is: the message names the nearest, or else all
   */
  constructor(message: string, name?: string, known: Iterable<string> = []) {
    super(name === undefined ? message : message + hintFor(name, [...known]));
  }
}

function hintFor(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `; did you mean ${nearest}?`;
  return known.length === 0 ? '' : `; there are: ${known.join(', ')}`;
}

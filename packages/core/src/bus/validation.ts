// SPDX-License-Identifier: Apache-2.0

/**
 * What is checked against the interface's schemas: every value (`all`), only those that come from another process or go
 * there (`boundary`), or none (`off`).
 */
export type ValidationMode = 'all' | 'boundary' | 'off';

export const VALIDATION_MODES: readonly ValidationMode[] = ['all', 'boundary', 'off'];

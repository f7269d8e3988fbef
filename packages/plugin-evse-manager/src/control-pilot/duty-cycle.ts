// SPDX-License-Identifier: Apache-2.0

/** Duty cycle in percent that offers high level communication only (IEC 61851-1, digital communication). */
export const DIGITAL_DUTY_PERCENT = 5;

/**
 * Duty cycle that signals a current, IEC 61851-1 table A.7.
 *
 * @param currentA - current per phase in A
 * @returns percent; 100 means that no charging is allowed
 */
export function dutyCyclePercent(currentA: number): number {
  if (currentA < 5.9) return 100;
  if (currentA < 6.1) return 10;
  if (currentA < 52.5) return Math.min(currentA, 51) / 0.6;
  if (currentA <= 80) return currentA / 2.5 + 64;
  if (currentA <= 80.1) return 97;
  return 100;
}

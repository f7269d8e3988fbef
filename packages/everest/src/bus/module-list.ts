// SPDX-License-Identifier: Apache-2.0

/** The modules that a message about a process names; none when it cannot be understood. */
export function readModuleList(payload: Buffer): readonly string[] {
  if (payload.length === 0) return [];
  try {
    const list: unknown = JSON.parse(payload.toString('utf8'));
    return Array.isArray(list) ? list.filter((id): id is string => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/** The text of such a list. */
export function encodeModuleList(moduleIds: readonly string[]): string {
  return JSON.stringify(moduleIds);
}

// SPDX-License-Identifier: Apache-2.0

/** What a client may do with the topics of a filter. */
export interface TopicRule {
  /** `read` is to get messages, `write` to publish them. */
  readonly access: 'read' | 'write' | 'readwrite';
  /** Topic, or filter with `+` and `#`. */
  readonly filter: string;
}

/** Rules that allow to get what is published on each of the topics. */
export function read(...filters: readonly string[]): readonly TopicRule[] {
  return filters.map((filter) => ({ access: 'read', filter }));
}

/** Rules that allow to publish on each of the topics. */
export function write(...filters: readonly string[]): readonly TopicRule[] {
  return filters.map((filter) => ({ access: 'write', filter }));
}

/** The same rules, each filter once, sorted. */
export function merged(rules: readonly TopicRule[]): readonly TopicRule[] {
  const byFilter = new Map<string, TopicRule['access']>();
  for (const { access, filter } of rules) {
    const known = byFilter.get(filter);
    byFilter.set(filter, known === undefined || known === access ? access : 'readwrite');
  }
  return [...byFilter].sort(([a], [b]) => (a < b ? -1 : 1)).map(([filter, access]) => ({ access, filter }));
}

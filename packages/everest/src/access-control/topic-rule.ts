// SPDX-License-Identifier: Apache-2.0

/** What a client may do with the topics of a filter. */
export interface TopicRule {
  readonly access: 'read' | 'write' | 'readwrite';
  /** Topic, or filter with `+` and `#`. */
  readonly filter: string;
}

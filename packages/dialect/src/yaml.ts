// SPDX-License-Identifier: Apache-2.0
/** The YAML library that the dialect is read with, for those who read other YAML: loading it once is enough. */
export {
  Document,
  LineCounter,
  Scalar,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from 'yaml';
export type { Node, Pair, YAMLMap } from 'yaml';

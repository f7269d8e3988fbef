// SPDX-License-Identifier: Apache-2.0

/** A module of a composition. */
export interface GraphNode {
  readonly id: string;
  /** Module name. */
  readonly module: string;
  /** True when the composition names it but does not have it. */
  readonly missing: boolean;
}

/** A connection: `from` needs what `to` provides. */
export interface GraphEdge {
  readonly from: string;
  readonly requirement: string;
  readonly to: string;
  readonly implementation: string;
}

/** Modules and connections of a composition. */
export interface CompositionGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** The parts of a composition's entry that a graph shows. */
export interface GraphEntry {
  readonly id: string;
  readonly module: string;
  readonly connections: {
    readonly [requirement: string]: readonly {
      readonly moduleId: string;
      readonly implementationId: string;
    }[];
  };
}

/** The graph of a composition, in the order of the file. Modules that only connections name are shown as missing. */
export function graphOf(entries: readonly GraphEntry[]): CompositionGraph {
  const nodes = new Map<string, GraphNode>(
    entries.map(({ id, module }) => [id, { id, module, missing: false }]),
  );
  const edges = entries.flatMap(({ id, connections }) =>
    Object.entries(connections).flatMap(([requirement, targets]) =>
      targets.map(({ moduleId, implementationId }) => ({
        from: id,
        requirement,
        to: moduleId,
        implementation: implementationId,
      })),
    ),
  );
  for (const { to } of edges) if (!nodes.has(to)) nodes.set(to, { id: to, module: 'missing', missing: true });
  return { nodes: [...nodes.values()], edges };
}

/** The text on a connection: the requirement, and the implementation where it is not `main`. */
export function edgeLabel({ requirement, implementation }: GraphEdge): string {
  return implementation === 'main' ? requirement : `${requirement} → ${implementation}`;
}

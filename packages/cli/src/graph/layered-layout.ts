// SPDX-License-Identifier: Apache-2.0

/** A box to be placed, with what is attached to its sides, measured from its top. */
export interface LayoutNode {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

/** A line from the right side of one box to the left side of another. */
export interface LayoutEdge {
  readonly from: string;
  readonly to: string;
  /** Height at which it leaves and arrives, measured from the tops of the boxes. */
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** Top left corner of a box. */
export interface Place {
  readonly x: number;
  readonly y: number;
  /** Column from the left. */
  readonly layer: number;
}

/** Where everything goes. */
export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  /** Points between the ends of each edge at which it passes other columns, in the order of the edges. */
  readonly bends: readonly (readonly { readonly x: number; readonly y: number }[])[];
  readonly width: number;
  readonly height: number;
}

/** Spaces between boxes. */
export interface Gaps {
  readonly layer: number;
  readonly row: number;
}

interface Cell {
  readonly id: string;
  readonly layer: number;
  readonly width: number;
  readonly height: number;
  y: number;
}

interface Link {
  readonly from: Cell;
  readonly to: Cell;
  readonly fromOffset: number;
  readonly toOffset: number;
}

const SWEEPS = 12;
/** Height that a passing line takes in a column. */
const PASSAGE = 10;

/**
 * Places boxes in columns (after Sugiyama): who needs stands left of who provides; lines that pass a column get a place
 * of their own in it; rows are ordered so that lines cross as little as a few sweeps of the barycentre heuristic achieve;
 * boxes move towards what they are connected to. Lines that close a cycle go backwards and do not count.
 */
export function layOut(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], gaps: Gaps): Layout {
  const layerOf = layersOf(
    nodes.map(({ id }) => id),
    edges,
  );
  const cells = new Map<string, Cell>(
    nodes.map((node) => [node.id, { ...node, layer: layerOf.get(node.id) ?? 0, y: 0 }]),
  );
  const layers: Cell[][] = [];
  for (const cell of cells.values()) (layers[cell.layer] ??= []).push(cell);
  const chains = edges.map((edge) => chainOf(edge, cells, layers));
  const links = chains.flatMap(({ links: own }) => own);
  order(layers, links);
  stack(layers, gaps.row);
  for (let sweep = 0; sweep < SWEEPS; sweep++) align(layers, links, gaps.row, sweep % 2 === 0);
  return coordinates(layers, chains, nodes, gaps);
}

/** Longest path from a box that nobody needs, cycles cut where a depth-first walk meets itself. */
function layersOf(ids: readonly string[], edges: readonly LayoutEdge[]): ReadonlyMap<string, number> {
  const targets = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { from, to } of edges) if (from !== to && targets.has(to)) targets.get(from)?.push(to);
  const finished: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const kept = new Map<string, readonly string[]>();
  const visit = (id: string): void => {
    state.set(id, 'open');
    kept.set(id, targets.get(id) ?? []);
    for (const target of targets.get(id) ?? []) {
      if (state.get(target) === 'open')
        kept.set(
          id,
          (kept.get(id) ?? []).filter((each) => each !== target),
        );
      else if (!state.has(target)) visit(target);
    }
    state.set(id, 'done');
    finished.push(id);
  };
  const needed = new Set([...targets.values()].flat());
  for (const id of [...ids.filter((each) => !needed.has(each)), ...ids]) if (!state.has(id)) visit(id);
  const layers = new Map<string, number>(ids.map((id) => [id, 0]));
  for (const id of finished.reverse())
    for (const target of kept.get(id) ?? [])
      layers.set(target, Math.max(layers.get(target) ?? 0, (layers.get(id) ?? 0) + 1));
  return layers;
}

interface Chain {
  readonly passages: readonly Cell[];
  readonly links: readonly Link[];
}

/** Cuts an edge at each column that it passes. */
function chainOf(edge: LayoutEdge, cells: ReadonlyMap<string, Cell>, layers: Cell[][]): Chain {
  const from = cells.get(edge.from);
  const to = cells.get(edge.to);
  if (from === undefined || to === undefined || to.layer <= from.layer) return { passages: [], links: [] };
  const passages: Cell[] = [];
  for (let layer = from.layer + 1; layer < to.layer; layer++) {
    const passage: Cell = { id: '', layer, width: 0, height: PASSAGE, y: 0 };
    (layers[layer] ??= []).push(passage);
    passages.push(passage);
  }
  const stops = [from, ...passages, to];
  const links = stops.slice(1).map((cell, index) => ({
    from: stops[index] ?? from,
    to: cell,
    fromOffset: index === 0 ? edge.fromOffset : PASSAGE / 2,
    toOffset: cell === to ? edge.toOffset : PASSAGE / 2,
  }));
  return { passages, links };
}

/** Orders each column by the mean place of what its members are connected to, back and forth. */
function order(layers: Cell[][], links: readonly Link[]): void {
  stack(layers, 1);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forward = sweep % 2 === 0;
    for (const layer of forward ? layers : [...layers].reverse()) {
      const wanted = new Map(layer.map((cell) => [cell, wantedY(cell, links, forward)]));
      layer.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
      stackOne(layer, 1);
    }
  }
}

/** The top that would make a cell's lines on one side level. */
function wantedY(cell: Cell, links: readonly Link[], leftSide: boolean): number {
  const tops = links.flatMap((link) => {
    if (leftSide && link.to === cell) return [link.from.y + link.fromOffset - link.toOffset];
    if (!leftSide && link.from === cell) return [link.to.y + link.toOffset - link.fromOffset];
    return [];
  });
  return tops.length === 0 ? cell.y : tops.reduce((sum, top) => sum + top, 0) / tops.length;
}

function stack(layers: readonly (readonly Cell[])[], gap: number): void {
  for (const layer of layers) stackOne(layer, gap);
}

function stackOne(layer: readonly Cell[], gap: number): void {
  let y = 0;
  for (const cell of layer) {
    cell.y = y;
    y += cell.height + gap;
  }
}

/** Moves cells towards level lines without changing their order or letting them overlap. */
function align(
  layers: readonly (readonly Cell[])[],
  links: readonly Link[],
  gap: number,
  forward: boolean,
): void {
  for (const layer of forward ? layers : [...layers].reverse()) {
    for (const cell of layer) cell.y = wantedY(cell, links, forward);
    for (const [index, cell] of layer.entries()) {
      const above = layer[index - 1];
      if (above !== undefined) cell.y = Math.max(cell.y, above.y + above.height + gap);
    }
    // What was pushed down moves the whole column up by half of it.
    const pushed = layer.map((cell) => cell.y - wantedY(cell, links, forward));
    const shift = pushed.reduce((sum, each) => sum + each, 0) / Math.max(1, layer.length);
    for (const cell of layer) cell.y -= shift;
  }
}

function coordinates(
  layers: readonly (readonly Cell[])[],
  chains: readonly Chain[],
  nodes: readonly LayoutNode[],
  gaps: Gaps,
): Layout {
  const top = Math.min(0, ...layers.flat().map(({ y }) => y));
  const columnX: number[] = [];
  const columnWidth: number[] = [];
  let x = 0;
  for (const [index, layer] of layers.entries()) {
    columnX[index] = x;
    columnWidth[index] = Math.max(0, ...layer.map(({ width }) => width));
    x += (columnWidth[index] ?? 0) + gaps.layer;
  }
  const byId = new Map(layers.flat().map((cell) => [cell.id, cell]));
  const places = new Map(
    nodes.flatMap(({ id }) => {
      const cell = byId.get(id);
      if (cell === undefined) return [];
      return [[id, { x: columnX[cell.layer] ?? 0, y: cell.y - top, layer: cell.layer }] as const];
    }),
  );
  return {
    places,
    bends: chains.map(({ passages }) =>
      passages.flatMap((cell) => {
        const left = columnX[cell.layer] ?? 0;
        const y = cell.y - top + PASSAGE / 2;
        return [
          { x: left, y },
          { x: left + (columnWidth[cell.layer] ?? 0), y },
        ];
      }),
    ),
    width: Math.max(0, x - gaps.layer),
    height: Math.max(0, ...layers.flat().map((cell) => cell.y - top + cell.height)),
  };
}

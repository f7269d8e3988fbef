// SPDX-License-Identifier: Apache-2.0
export { processIo, type CliIo } from './cli-io.js';
export type { CommandContext, RegisterCommand } from './command.js';
export { ControlClient, ControlError } from './control/control-client.js';
export { ControlServer, type ControlTarget } from './control/control-server.js';
export type { ControlMethods, InstanceStatus } from './control/protocol.js';
export { runtimeDir, socketPathOf } from './control/socket-path.js';
export { ExitCode } from './exit-codes.js';
export {
  edgeLabel,
  graphOf,
  type CompositionGraph,
  type GraphEdge,
  type GraphNode,
} from './graph/composition-graph.js';
export { toDot } from './graph/dot.js';
export { toMermaid } from './graph/mermaid.js';
export { toSvg } from './graph/svg.js';
export { runCli } from './program.js';
export { UserError } from './user-error.js';

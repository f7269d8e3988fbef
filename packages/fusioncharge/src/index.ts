// SPDX-License-Identifier: Apache-2.0
export * from './errors.js';
export * from './register-types.js';
export * from './registers.js';
export * from './error-registers.js';
export * from './mbap.js';
export * from './report.js';
export * from './tls-options.js';
export * from './power-unit-connection.js';
export * from './power-unit-server.js';
export * from './register-bank.js';
export * from './modbus-responder.js';
export * from './report-collector.js';
export * from './dispenser-socket.js';
export * from './dispenser-connection.js';
export * from './connector-state.js';

// SPDX-License-Identifier: Apache-2.0
import type { Json } from '@carabiner/core';

type JsonMap = { readonly [key: string]: Json };

const milliseconds = (description: string, value: number): JsonMap => ({
  type: 'integer',
  minimum: 0,
  default: value,
  description: `${description}, ms`,
});

const text = (description: string): JsonMap => ({ type: 'string', description });

const CARABINER: JsonMap = {
  validation: {
    enum: ['all', 'boundary', 'off'],
    default: 'all',
    description: 'Which calls and values are checked: all, those of other processes, none.',
  },
  load_timeout_ms: milliseconds('Time for a package to load', 30_000),
  init_timeout_ms: milliseconds("Time for a module's init", 30_000),
  ready_timeout_ms: milliseconds("Time for a module's ready", 30_000),
  shutdown_timeout_ms: milliseconds("Time for a module's shutdown", 5_000),
  drain_timeout_ms: milliseconds('Time for running calls to end before a swap', 5_000),
  call_timeout_ms: milliseconds('Time until an unanswered call fails', 300_000),
  queue_limit: {
    type: 'integer',
    minimum: 1,
    default: 1_000,
    description: 'Most calls or values that wait.',
  },
  block_warning_ms: milliseconds('A handler that holds the event loop longer is named; 0: never', 50),
  log_level: {
    enum: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
    description: 'What is logged.',
  },
  metrics: {
    description: 'Prometheus metrics over HTTP; true: on 127.0.0.1:9464.',
    anyOf: [
      { type: 'boolean' },
      {
        type: 'object',
        additionalProperties: false,
        properties: { host: { type: 'string' }, port: { type: 'integer', minimum: 0 } },
      },
    ],
  },
  external_mqtt: {
    type: 'object',
    description: 'Broker for modules that speak to the world outside.',
    required: ['url'],
    additionalProperties: false,
    properties: {
      url: text('mqtt://…, mqtts://…, ws://…, wss://… or unix:///…'),
      username: { type: 'string' },
      password_env: text('Name of the environment variable with the password.'),
      client_id: { type: 'string' },
      ca: text('PEM file, absolute or relative to the composition.'),
      cert: text('PEM file.'),
      key: text('PEM file.'),
      server_name: text('Name in the certificate of the broker, where it differs from the host.'),
      queue_limit: { type: 'integer', minimum: 0, default: 1_000 },
      will: {
        type: 'object',
        additionalProperties: false,
        required: ['topic', 'payload'],
        properties: {
          topic: { type: 'string' },
          payload: { type: 'string' },
          retain: { type: 'boolean', default: false },
        },
      },
    },
  },
  mqtt: { type: 'object', description: 'Broker between processes.' },
  spare_process: {
    type: 'boolean',
    description: 'A loaded process waits to replace one that ends.',
    default: true,
  },
};

/** JSON Schema of `settings` of a composition. */
export const SETTINGS_SCHEMA: JsonMap = {
  type: 'object',
  description: 'Settings of the whole system.',
  properties: {
    mqtt_broker_host: { type: 'string' },
    mqtt_broker_port: { type: 'integer' },
    mqtt_everest_prefix: { type: 'string' },
    mqtt_external_prefix: { type: 'string' },
    telemetry_enabled: { type: 'boolean' },
    carabiner: {
      type: 'object',
      description: 'Settings that only Carabiner knows.',
      additionalProperties: false,
      properties: CARABINER,
    },
  },
};

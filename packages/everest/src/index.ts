// SPDX-License-Identifier: Apache-2.0
export { describeBroker, type BrokerAddress } from './broker/broker-address.js';
export { BrokerSession, topicMatches, type BrokerSessionOptions } from './broker/broker-session.js';
export { startEmbeddedBroker, type EmbeddedBroker } from './broker/embedded-broker.js';
export { MqttBus, type MqttBusOptions } from './bus/mqtt-bus.js';
export { DEFAULT_PREFIXES, Topics, type TopicMeaning, type TopicPrefixes } from './protocol/topics.js';
export * from './protocol/envelope.js';
export { CONFIGURATION_MESSAGES, generationOf, type Generation } from './protocol/generation.js';

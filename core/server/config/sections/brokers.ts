// Options of brokers that this version cannot use yet, as Sockudo names them: accepted, so that files need not be cut.
import { z } from 'zod';
import { flag, integer, positive, secret, text, texts } from './fields.ts';

export const requestTimeout = positive('Time-out of a request, in ms').optional();
export const prefix = text('Prefix of names').optional();
const nodesNumber = positive('Number of nodes').optional();

function nats() {
  return z
    .strictObject({
      servers: texts('Addresses').optional(),
      prefix,
      request_timeout_ms: requestTimeout,
      username: text('User').optional(),
      password: secret('Password').optional(),
      token: secret('Token').optional(),
      connection_timeout_ms: positive('Time-out, in ms').optional(),
      nodes_number: nodesNumber,
      discovery_max_wait_ms: positive('Longest wait for peers, in ms').optional(),
      discovery_idle_wait_ms: positive('Wait for a further peer, in ms').optional(),
      subscription_capacity: positive('Messages buffered').optional(),
      client_capacity: positive('Commands buffered').optional(),
      max_reconnects: integer('Reconnects; 0: no bound', 0).optional(),
      presence_sync_chunk_size: positive('Members of one message').optional(),
      no_echo: flag('Leave out own messages').optional(),
    })
    .optional();
}

/** The broker tables that `adapter` and `queue` share. */
export function brokers() {
  return {
    nats: nats(),
    pulsar: z
      .strictObject({
        url: secret('Address').optional(),
        prefix,
        request_timeout_ms: requestTimeout,
        token: secret('Token').optional(),
        nodes_number: nodesNumber,
      })
      .optional(),
    rabbitmq: z
      .strictObject({
        url: secret('Address').optional(),
        prefix,
        request_timeout_ms: requestTimeout,
        connection_timeout_ms: positive('Time-out, in ms').optional(),
        nodes_number: nodesNumber,
      })
      .optional(),
    google_pubsub: z
      .strictObject({
        project_id: text('Project').optional(),
        prefix,
        request_timeout_ms: requestTimeout,
        emulator_host: text('Emulator').optional(),
        nodes_number: nodesNumber,
      })
      .optional(),
    kafka: z
      .strictObject({
        brokers: texts('Addresses').optional(),
        prefix,
        request_timeout_ms: requestTimeout,
        security_protocol: text('Protocol').optional(),
        sasl_mechanism: text('Mechanism').optional(),
        sasl_username: text('User').optional(),
        sasl_password: secret('Password').optional(),
        nodes_number: nodesNumber,
      })
      .optional(),
    iggy: z
      .strictObject({
        connection_string: secret('Address').optional(),
        username: text('User').optional(),
        password: secret('Password').optional(),
        consumer_name: text('Consumer').optional(),
        stream: text('Stream').optional(),
        topic_prefix: prefix,
        queue_topic_prefix: prefix,
        consumer_group_prefix: prefix,
        request_timeout_ms: requestTimeout,
        poll_interval_ms: positive('Pause between polls, in ms').optional(),
        poll_batch_size: positive('Messages of one poll').optional(),
        partitions_count: positive('Partitions').optional(),
        partition_id: integer('Partition', 0).optional(),
        auto_create: flag('Create what is missing').optional(),
        start_from_latest: flag('Skip old messages').optional(),
        nodes_number: nodesNumber,
      })
      .optional(),
  };
}

export const redisTls = z
  .strictObject({
    enabled: flag('Use TLS').optional(),
    accept_invalid_certs: flag('Accept any certificate').optional(),
    acceptInvalidCerts: flag('Old spelling').optional(),
    ca_path: text('CA, PEM').optional(),
    client_cert_path: text('Client certificate, PEM').optional(),
    client_key_path: text('Client key, PEM').optional(),
  })
  .optional();

// The `database` section: where stores are found. `sqlite` is ours; the others are accepted as Sockudo names them.
import { z } from 'zod';
import { redisTls } from './brokers.ts';
import { flag, integer, port, positive, secret, text, texts } from './fields.ts';

function sql(defaultPort: number) {
  return z
    .strictObject({
      host: text('Host').default('localhost'),
      port: port('Port').default(defaultPort),
      username: text('User').default('root'),
      password: secret('Password').default(''),
      database: text('Database').default('sockudo'),
      table_name: text('Table of the apps').default('applications'),
      connection_pool_size: positive('Connections').default(10),
      pool_min: integer('Least connections', 0).optional(),
      pool_max: positive('Most connections').optional(),
      cache_ttl: positive('Life time of cached apps, in seconds').default(300),
      cache_cleanup_interval: positive('Seconds').default(60),
      cache_max_capacity: positive('Apps cached').default(100),
    })
    .prefault({});
}

const node = z.strictObject({ host: text('Host'), port: port('Port') });

const redis = z
  .strictObject({
    url: secret('Address as `redis://` or `rediss://`, before the single settings (ours)').optional(),
    host: text('Host').default('127.0.0.1'),
    port: port('Port').default(6379),
    db: integer('Database number', 0).default(0),
    username: text('User').optional(),
    password: secret('Password').optional(),
    key_prefix: text('Prefix of keys').default('sockudo:'),
    sentinels: z.array(node).describe('Sentinels').default([]),
    sentinel_username: text('User of the sentinels').optional(),
    sentinel_password: secret('Password of the sentinels').optional(),
    name: text('Name of the master').default('mymaster'),
    sentinel_tls: redisTls,
    master_tls: redisTls,
    cluster: z
      .strictObject({
        nodes: z
          .array(z.union([z.string(), node]))
          .describe('Nodes')
          .default([]),
        username: text('User').optional(),
        password: secret('Password').optional(),
        use_tls: flag('Use TLS').optional(),
        useTLS: flag('Old spelling').optional(),
      })
      .prefault({}),
    cluster_nodes: z
      .array(z.union([z.string(), node]))
      .describe('Old spelling of cluster.nodes')
      .default([]),
  })
  .prefault({});

export const database = z
  .strictObject({
    sqlite: z
      .strictObject({
        path: text('File of the embedded stores, relative to the working directory (ours)')
          .min(1)
          .default('.sockudo/sockudo.db'),
      })
      .prefault({}),
    redis,
    mysql: sql(3306),
    postgres: sql(5432),
    dynamodb: z
      .strictObject({
        region: text('Region').optional(),
        table_name: text('Table').optional(),
        endpoint_url: text('Address').optional(),
        aws_access_key_id: secret('Key id').optional(),
        aws_secret_access_key: secret('Key').optional(),
        aws_profile_name: text('Profile').optional(),
      })
      .optional(),
    surrealdb: z
      .strictObject({
        url: text('Address').optional(),
        namespace: text('Namespace').optional(),
        database: text('Database').optional(),
        username: text('User').optional(),
        password: secret('Password').optional(),
        table_name: text('Table').optional(),
        cache_ttl: positive('Seconds').optional(),
        cache_max_capacity: positive('Apps cached').optional(),
      })
      .optional(),
    scylladb: z
      .strictObject({
        nodes: texts('Addresses').optional(),
        keyspace: text('Keyspace').optional(),
        table_name: text('Table').optional(),
        username: text('User').optional(),
        password: secret('Password').optional(),
        replication_class: text('Class').optional(),
        replication_factor: positive('Factor').optional(),
      })
      .optional(),
  })
  .prefault({});

export const databasePooling = z
  .strictObject({
    enabled: flag('Pool connections').default(true),
    min: integer('Least connections', 0).default(2),
    max: positive('Most connections').default(10),
  })
  .prefault({});

// The sections `push` and `push_rules` as the plug-in sees them. Push is on where a provider is.
import type { PushProvider, PushRule, PushSettings } from '../push-settings.ts';
import type { ServerConfig } from './schema.ts';

const SECOND_MS = 1000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;

const orNever = (value: number): number => (value === 0 ? Number.POSITIVE_INFINITY : value);

/** Providers that are switched on; none: there is no push. */
export function enabledProviders({ push }: ServerConfig): PushProvider[] {
  const flags: [PushProvider, boolean][] = [
    ['fcm', push.fcm_enabled],
    ['apns', push.apns_enabled],
    ['webPush', push.webpush_enabled],
    ['hms', push.hms_enabled],
    ['wns', push.wns_enabled],
  ];
  return flags.filter(([, isOn]) => isOn).map(([name]) => name);
}

export function pushOf(config: ServerConfig): PushSettings | null {
  const { push, push_rules: rules } = config;
  const enabled = enabledProviders(config);
  if (enabled.length === 0) return null;
  return {
    enabled,
    ...providers(config),
    ...pipeline(config),
    ...protection(config),
    statusTtlMs: push.publish_status_ttl_days * DAY_MS,
    eventTtlMs: push.analytics_retention_days * DAY_MS,
    repair: {
      intervalMs: orNever(push.repair_interval_secs) * SECOND_MS,
      minAgeMs: push.repair_min_age_secs * SECOND_MS,
      batch: push.repair_batch_size,
    },
    rules: rules.filter(({ enabled: isOn }) => isOn).map(ruleOf),
  };
}

function providers({ push: { fcm, apns, webpush, hms, wns, ...push } }: ServerConfig) {
  return {
    credentials: {
      fcm: {
        projectId: fcm.project_id,
        serviceAccountJson: fcm.service_account_json,
        serviceAccountPath: fcm.service_account_json_path,
        providerToken: fcm.provider_token,
      },
      apns: {
        teamId: apns.team_id,
        keyId: apns.key_id,
        privateKey: apns.private_key,
        privateKeyPath: apns.private_key_path,
        providerToken: apns.provider_token,
      },
      webPush: { privateKey: webpush.vapid_private_key, contact: webpush.vapid_contact },
      hms: { appId: hms.app_id, providerToken: hms.provider_token },
      wns: { providerToken: wns.provider_token },
    },
    encryptionKey: push.credential_encryption_key?.trim() || null,
    endpoints: {
      fcm: fcm.endpoint ?? null,
      apns: apns.endpoint ?? null,
      hms: hms.endpoint ?? null,
    },
    apnsTopic: apns.topic ?? null,
    webPushHosts: { allowed: webpush.allowed_hosts, denied: webpush.denied_hosts },
    allowsLocalEndpoints: push.allow_local_endpoints,
  };
}

function pipeline({ push }: ServerConfig) {
  const { retry } = push;
  return {
    workers: {
      planners: push.planner_worker_count,
      shards: push.shard_worker_count,
      dispatchers: push.dispatch_worker_count,
      feedback: push.feedback_worker_count,
      retries: push.retry_worker_count,
      maxOutboundRequests: push.dispatch_max_outbound_requests,
    },
    fastThreshold: push.fanout_fast_threshold,
    shardSize: push.fanout_shard_size,
    retry: {
      maxAttempts: retry.max_attempts,
      initialBackoffMs: retry.initial_backoff_ms,
      maxBackoffMs: retry.max_backoff_ms,
      maxElapsedMs: retry.max_elapsed_secs * SECOND_MS,
      jitter: retry.jitter ? retry.jitter_ratio_percent / 100 : 0,
      respectsRetryAfter: retry.respect_retry_after,
    },
  };
}

function protection({ push }: ServerConfig) {
  const { backpressure, default_quotas: quotas, provider_ceilings: ceilings } = push;
  return {
    backpressure: {
      always: backpressure.always,
      maxWaitingJobs: backpressure.max_waiting_jobs,
      maxLagMs: orNever(push.backpressure_lag_threshold_secs) * SECOND_MS,
      retryAfterSeconds: backpressure.retry_after_secs,
    },
    quotas: {
      acceptancePerSecond: quotas.acceptance_rps,
      fanout: orNever(quotas.fanout_max),
      deliveriesPerDay: orNever(quotas.delivery_quota_daily),
      ceilings: {
        fcm: orNever(ceilings.fcm),
        apns: orNever(ceilings.apns),
        webPush: orNever(ceilings.webpush),
        hms: orNever(ceilings.hms),
        wns: orNever(ceilings.wns),
        realtime: orNever(ceilings.realtime),
      },
    },
  };
}

function ruleOf(rule: ServerConfig['push_rules'][number]): PushRule {
  const { payload_mapping: mapping } = rule;
  return {
    channelPattern: rule.channel_pattern,
    events: rule.event_filter,
    perSecond: rule.rate_limit_per_second,
    titleField: mapping.title_field,
    bodyField: mapping.body_field,
    dataField: mapping.template_data_field,
    includesRest: mapping.include_remaining_fields,
  };
}

// What an operator should know though it forbids nothing: settings given that have no effect here, apps that serve nobody.
import type { Problem } from './problem.ts';
import type { ServerConfig } from './schema.ts';
import { policyOf } from './sections/apps.ts';
import { nearest } from './suggest.ts';
import { enabledProviders } from './to-push.ts';
import { isPlainObject, nodeAt } from './tree.ts';
import { sharedKeySets } from './warnings-tokens.ts';

/** Events a webhook can be sent for (http.md section 11.2). */
export const WEBHOOK_EVENTS = [
  'channel_occupied',
  'channel_vacated',
  'member_added',
  'member_removed',
  'member_updated',
  'client_event',
  'cache_miss',
  'subscription_count',
  'message_version_created',
  'annotation_created',
  'annotation_deleted',
  'ai_run_started',
  'ai_turn_started',
  'ai_run_ended',
  'ai_turn_ended',
  'ai_cancel_requested',
  'ai_stream_orphaned',
  'ai_stream_cancelled',
] as const;

const NO_EFFECT: readonly [path: string, why: string][] = [
  ['event_limits.max_channels_at_once', 'set `max_event_channels_at_once` of the app'],
  ['event_limits.max_name_length', 'set `max_event_name_length` of the app'],
  ['event_limits.max_payload_in_kb', 'set `max_event_payload_in_kb` of the app'],
  ['event_limits.max_batch_size', 'set `max_event_batch_size` of the app'],
  ['channel_limits.max_name_length', 'set `max_channel_name_length` of the app'],
  ['presence.max_members_per_channel', 'set `max_presence_members_per_channel` of the app'],
  ['presence.max_member_size_in_kb', 'set `max_presence_member_size_in_kb` of the app'],
  [
    'websocket.disconnect_on_buffer_full',
    'a connection whose queue is full is always closed with 4100, messages are never dropped',
  ],
  ['websocket.compression', 'frames are not compressed in this version'],
];

function at(value: unknown, path: string): unknown {
  let current = value;
  for (const key of path.split('.')) current = isPlainObject(current) ? current[key] : undefined;
  return current;
}

function withoutEffect(config: ServerConfig): Problem[] {
  return NO_EFFECT.filter(([path]) => at(config, path) !== nodeAt(path.split('.'))?.default).map(
    ([path, why]) => ({
      path,
      message: `has no effect: ${why}`,
    }),
  );
}

function push(config: ServerConfig): Problem[] {
  if (config.push_rules.length === 0 || enabledProviders(config).length > 0) return [];
  return [{ path: 'push_rules', message: 'has no effect: no provider of push is enabled' }];
}

/** `raw` is the configuration before defaults, to tell what was left out from what was said. */
function appWarnings(config: ServerConfig, raw: unknown): Problem[] {
  const rawApps = at(raw, 'app_manager.array.apps');
  return config.app_manager.array.apps.flatMap((app, index) => {
    const path = `app_manager.array.apps[${index}]`;
    const given = Array.isArray(rawApps) && isPlainObject(rawApps[index]) ? rawApps[index] : {};
    const warnings: Problem[] = [];
    if (!app.enabled && !Object.hasOwn(given, 'enabled')) {
      warnings.push({
        path: `${path}.enabled`,
        message: 'is not given, so the app is disabled: set it to true',
      });
    }
    const ignored = Object.keys(given).filter(
      (key) => !['id', 'key', 'secret', 'enabled', 'policy'].includes(key),
    );
    if (app.policy !== undefined && ignored.length > 0) {
      warnings.push({
        path,
        message: `has a policy, so these flat settings are ignored: ${ignored.join(', ')}`,
      });
    }
    const owner = app.policy === undefined ? path : `${path}.policy`;
    const { limits, webhooks = [] } = policyOf(app);
    if (limits.terminate_on_limit && limits.max_client_events_per_second === 0) {
      warnings.push({
        path,
        message: '`terminate_on_limit` has no effect without `max_client_events_per_second`',
      });
    }
    return [
      ...warnings,
      ...webhooks.flatMap((webhook, place) =>
        eventWarnings(`${owner}.webhooks[${place}]`, webhook.event_types),
      ),
    ];
  });
}

function eventWarnings(path: string, names: readonly string[]): Problem[] {
  const known: readonly string[] = WEBHOOK_EVENTS;
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const suggestion = nearest(name, known);
      const hint = suggestion === null ? '' : `; did you mean \`${suggestion}\`?`;
      return {
        path: `${path}.event_types`,
        value: name,
        message: `\`${name}\` is no event that is sent${hint}`,
      };
    });
}

/** Everything worth a line at start. */
export function warnings(config: ServerConfig, raw: unknown): Problem[] {
  const out: Problem[] = [];
  if (config.mode !== 'production' && config.mode !== 'development') {
    out.push({ path: 'mode', value: config.mode, message: `\`${config.mode}\` counts as production` });
  }
  if (config.app_manager.array.apps.length === 0) {
    out.push({
      path: 'app_manager.array.apps',
      message: 'is empty: nobody can connect, and /up answers ERROR',
    });
  }
  if (config.adapter.driver !== 'local' && config.adapter.fallback_to_local) {
    const message = 'has no effect: a node that cannot reach the others does not start';
    out.push({ path: 'adapter.fallback_to_local', message });
  }
  const { driver } = config.versioned_messages;
  if (config.versioned_messages.enabled && driver !== undefined && driver !== config.history.backend) {
    const message = `has no effect: versions are kept with history, in \`${config.history.backend}\``;
    out.push({ path: 'versioned_messages.driver', value: driver, message });
  }
  return [
    ...out,
    ...withoutEffect(config),
    ...push(config),
    ...appWarnings(config, raw),
    ...sharedKeySets(config.app_manager.array.apps),
  ];
}

// The events an app's backend can be told of, in the shape in which they stand in a webhook's body (http.md 11.2). Members of
// the wire keep the wire's names, and their order here is their order there.

/** First and last subscription of a channel. */
export interface OccupancyEvent {
  readonly name: 'channel_occupied' | 'channel_vacated';
  readonly channel: string;
}

/** First and last connection of a user in a presence channel. */
export interface MembershipEvent {
  readonly name: 'member_added' | 'member_removed';
  readonly channel: string;
  readonly user_id: string;
}

/** Protocol 2 presence update. */
export interface MemberUpdatedEvent {
  readonly name: 'member_updated';
  readonly channel: string;
  readonly user_id: string;
  /** Any JSON. */
  readonly user_info: unknown;
}

/** An accepted client event. */
export interface ClientEvent {
  readonly name: 'client_event';
  readonly channel: string;
  readonly event: string;
  /** The client's data: a string as it is, anything else as its JSON text. */
  readonly data: string | null;
  readonly socket_id: string;
  /** Presence channels only (divergence D27). */
  readonly user_id?: string;
}

/** A subscribe to a cache channel that has no event. */
export interface CacheMissEvent {
  readonly name: 'cache_miss';
  readonly channel: string;
  readonly data: '{}';
}

/** Subscriptions of a channel that is no presence channel, after each change. */
export interface SubscriptionCountEvent {
  readonly name: 'subscription_count';
  readonly channel: string;
  readonly subscription_count: number;
}

/** A stored version of a mutable message, its create included. */
export interface MessageVersionCreatedEvent {
  readonly name: 'message_version_created';
  readonly channel: string;
  readonly message_serial: string;
  readonly version_serial: string;
  readonly action: 'message.create' | 'message.update' | 'message.append' | 'message.delete';
}

/** An annotation of a message, or one that was taken back. */
export interface AnnotationEvent {
  readonly name: 'annotation_created' | 'annotation_deleted';
  readonly channel: string;
  readonly message_serial: string;
  readonly annotation_serial: string;
  /** Deletes only: the annotation that is gone. */
  readonly deleted_annotation_serial?: string;
  readonly annotation_type: string;
}

/** An event that a plug-in tells of: its own members after the channel. */
export interface PluginEvent {
  readonly name: `ai_${string}`;
  readonly channel: string;
  readonly [member: string]: string | null | undefined;
}

export type WebhookEvent =
  | OccupancyEvent
  | MembershipEvent
  | MemberUpdatedEvent
  | ClientEvent
  | CacheMissEvent
  | SubscriptionCountEvent
  | MessageVersionCreatedEvent
  | AnnotationEvent
  | PluginEvent;

export type WebhookEventName = WebhookEvent['name'];

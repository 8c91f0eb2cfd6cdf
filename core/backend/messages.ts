// Mutable messages: one as it stands, its versions, and the three ways to change it (http.md 7).
import {
  isMessageAnswer,
  isMutationAnswer,
  isVersionsAnswer,
  type MessageAnswer,
  type MessageVersion,
  type MutationAnswer,
  type Page,
  type VersionsAnswer,
} from '@sockudo/protocol';
import { channelPath, pathSegment } from './names.ts';
import { nextCursorOf, type Requester, readPage } from './requester.ts';
import type { QueryValue } from './signed-query.ts';

export interface VersionsParams {
  /** Versions of a page; default and most: the server's page size (100). */
  readonly limit?: number | undefined;
  /** Default `newest_first`. */
  readonly direction?: 'newest_first' | 'oldest_first' | undefined;
  /** `next_cursor` of a page. */
  readonly cursor?: string | undefined;
  readonly [param: string]: QueryValue;
}

export type VersionsPage = Page<VersionsAnswer, MessageVersion>;

/** What every change may say about itself. */
export interface MutationParams {
  /** Whom the change is attributed to. */
  readonly client_id?: string | undefined;
  /** The connection on whose behalf it is made: then its permissions decide. */
  readonly socket_id?: string | undefined;
  readonly description?: string | undefined;
  /** Any JSON. */
  readonly metadata?: unknown;
  /** 1 to 64 bytes; the same again changes nothing. Default: one of its own for each call. */
  readonly op_id?: string | undefined;
  /** The whole new `extras`; absent: they stay. */
  readonly extras?: Readonly<Record<string, unknown>> | undefined;
  readonly [member: string]: unknown;
}

export interface DeleteParams extends MutationParams {
  /** The new data; anything but a string becomes its JSON text. Absent: it stays. */
  readonly data?: unknown;
  /** Parts to take away. */
  readonly clear_fields?: readonly ('name' | 'data' | 'extras')[] | undefined;
}

export interface UpdateParams extends DeleteParams {
  /** The new event name. */
  readonly name?: string | undefined;
}

export interface AppendParams extends MutationParams {
  /** The text to add. */
  readonly data: string;
}

export const messagePath = (channel: string, serial: string): string =>
  `${channelPath(channel)}/messages/${pathSegment(serial, 'message serial')}`;

export const readMessage = (requester: Requester, channel: string, serial: string): Promise<MessageAnswer> =>
  requester.read({ path: messagePath(channel, serial), isAnswer: isMessageAnswer });

export function readVersions(
  requester: Requester,
  channel: string,
  serial: string,
  params: VersionsParams,
): Promise<VersionsPage> {
  const path = `${messagePath(channel, serial)}/versions`;
  return readPage(requester, { path, params, isAnswer: isVersionsAnswer }, nextCursorOf);
}

/** A change with an `op_id` may be repeated: the server knows it again. */
export function changeMessage(
  requester: Requester,
  action: 'update' | 'delete' | 'append',
  path: string,
  params: MutationParams,
): Promise<MutationAnswer> {
  return requester.change({
    path: `${path}/${action}`,
    body: params,
    isIdempotent: params.op_id !== undefined,
    isAnswer: isMutationAnswer,
  });
}

// What every driver decides alike about messages that change: how a version follows from the one before, what readers see of
// it, and how long a message outlives its place in the history. Pure; knows nothing of storage.
import type { LogEntry, Retention } from './channel-log.ts';
import type { MessageState, MutationResult, VersionDraft, VersionEntry } from './message-log.ts';

/**
 * What is stored of a version: its own members, and the running sums of its message, so that the newest version and the create
 * together are the whole state of a message but for its text.
 */
export interface StoredVersion extends VersionDraft {
  readonly serial: number;
  readonly historySerial: number;
  readonly publishedAtMs: number;
  readonly versionSerial: string;
  /** Serial of the newest entry that holds whole data: this version, an older one, or the create. Fragments follow it. */
  readonly baseSerial: number;
  readonly dataKind: MessageState['dataKind'];
  readonly dataBytes: number;
  readonly appendCount: number;
}

export type VersionPlace = Pick<StoredVersion, 'serial' | 'publishedAtMs' | 'versionSerial'>;

/** The version that `draft` makes of a message. */
export function nextVersion(
  create: LogEntry,
  latest: StoredVersion | null,
  draft: VersionDraft,
  place: VersionPlace,
): StoredVersion {
  const bytes = draft.data === null ? 0 : Buffer.byteLength(draft.data);
  const appendCount = latest?.appendCount ?? 0;
  const common = { ...draft, ...place, historySerial: create.serial };
  if (draft.action !== 'append') {
    return {
      ...common,
      baseSerial: place.serial,
      dataKind: dataKindOf(draft.data),
      dataBytes: bytes,
      appendCount,
    };
  }
  return {
    ...common,
    baseSerial: latest?.baseSerial ?? create.serial,
    dataKind: latest?.dataKind ?? dataKindOf(create.data),
    // The quotes of the fragment go.
    dataBytes: (latest?.dataBytes ?? Buffer.byteLength(create.data)) + bytes - 2,
    appendCount: appendCount + 1,
  };
}

/** @param data reads the whole text; called when the state's reader asks for it */
export function messageStateOf(
  create: LogEntry,
  latest: StoredVersion | null,
  data: () => string | null,
): MessageState {
  const extras = latest === null ? create.extras : latest.extras;
  const { userId = undefined, description = undefined, metadata = undefined } = latest ?? {};
  return {
    messageSerial: create.messageSerial ?? '',
    versionSerial: latest?.versionSerial ?? create.messageSerial ?? '',
    historySerial: create.serial,
    deliverySerial: latest?.serial ?? create.serial,
    action: latest?.action ?? 'create',
    event: latest === null ? create.event : latest.event,
    createdAtMs: create.publishedAtMs,
    versionAtMs: latest?.publishedAtMs ?? create.publishedAtMs,
    dataKind: latest?.dataKind ?? dataKindOf(create.data),
    dataBytes: latest?.dataBytes ?? Buffer.byteLength(create.data),
    appendCount: latest?.appendCount ?? 0,
    data,
    ...(extras !== undefined && { extras }),
    ...(create.tags !== undefined && { tags: create.tags }),
    ...(create.messageId !== undefined && { messageId: create.messageId }),
    ...(create.creatorId !== undefined && { creatorId: create.creatorId }),
    ...(userId !== undefined && { userId }),
    ...(description !== undefined && { description }),
    ...(metadata !== undefined && { metadata }),
  };
}

/** @param whole reads the whole text as of this version */
export function versionEntryOf(
  create: LogEntry,
  version: StoredVersion,
  whole: () => string | null,
): VersionEntry {
  const { extras, userId, description, metadata } = version;
  return {
    kind: 'version',
    key: create.key,
    streamId: create.streamId,
    serial: version.serial,
    publishedAtMs: version.publishedAtMs,
    action: version.action,
    messageSerial: create.messageSerial ?? '',
    versionSerial: version.versionSerial,
    historySerial: create.serial,
    event: version.event,
    data: version.data,
    ...(extras !== undefined && { extras }),
    ...(create.tags !== undefined && { tags: create.tags }),
    ...(userId !== undefined && { userId }),
    ...(create.creatorId !== undefined && { creatorId: create.creatorId }),
    ...(create.messageId !== undefined && { messageId: create.messageId }),
    ...(description !== undefined && { description }),
    ...(metadata !== undefined && { metadata }),
    whole,
  };
}

/** Joins JSON texts of strings: the base's and the fragments', by what stands between their quotes. */
export function joinFragments(base: string, fragments: readonly string[]): string {
  if (fragments.length === 0) return base;
  let text = base.slice(0, -1);
  for (const fragment of fragments) text += fragment.slice(1, -1);
  return `${text}"`;
}

/**
 * A message whose create has left the history stays while its newest version is not older than this. Without any age it
 * leaves with its create: Infinity.
 */
export function versionsKeptFromMs({ versionsAgeMs, ageMs }: Retention, nowMs: number): number {
  const keptMs = versionsAgeMs ?? ageMs;
  return keptMs === undefined ? Number.POSITIVE_INFINITY : nowMs - keptMs;
}

function dataKindOf(data: string | null): MessageState['dataKind'] {
  if (data === null) return 'none';
  return data.startsWith('"') ? 'string' : 'other';
}

/** Whether a change is in the log, now or since before: the next one of a row may follow it. */
export function isSettled(
  result: MutationResult,
): result is Extract<MutationResult, { readonly kind: 'committed' | 'duplicate' }> {
  return result.kind === 'committed' || result.kind === 'duplicate';
}

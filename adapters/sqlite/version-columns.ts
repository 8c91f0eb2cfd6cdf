// The columns that `recent_versions` and `versions` share, how a version becomes values of them, and how values become a version:
// the only place that knows their order.
import type { SQLInputValue } from 'node:sqlite';
import type { MutationAction, StoredVersion } from '@sockudo/server/ports';
import type { ArrayRow, Mutable } from './array-statement.ts';

export const VERSION_COLUMNS = `history_serial, serial, published_at_ms, action, version_serial, event, data, extras, user_id,
  description, metadata, base_serial, data_kind, data_bytes, append_count`;

/** In the order of VERSION_COLUMNS. */
export function versionValues(version: StoredVersion): SQLInputValue[] {
  return [
    version.historySerial,
    version.serial,
    version.publishedAtMs,
    version.action,
    version.versionSerial,
    version.event,
    version.data,
    version.extras ?? null,
    version.userId ?? null,
    version.description ?? null,
    version.metadata ?? null,
    version.baseSerial,
    version.dataKind,
    version.dataBytes,
    version.appendCount,
  ];
}

/** @param row VERSION_COLUMNS. Members are set one by one: spreads cost as much as the rest of a page. */
export function versionOf(row: ArrayRow): StoredVersion {
  const [historySerial, serial, publishedAtMs, action, versionSerial, event, data, ...rest] = row;
  const [extras, userId, description, metadata, baseSerial, dataKind, dataBytes, appendCount] = rest;
  const version: Mutable<StoredVersion> = {
    serial: Number(serial),
    historySerial: Number(historySerial),
    publishedAtMs: Number(publishedAtMs),
    // CAST: the column holds what `versionValues` made.
    action: action as MutationAction,
    versionSerial: String(versionSerial),
    event: typeof event === 'string' ? event : null,
    data: typeof data === 'string' ? data : null,
    baseSerial: Number(baseSerial),
    // CAST: as above.
    dataKind: dataKind as StoredVersion['dataKind'],
    dataBytes: Number(dataBytes),
    appendCount: Number(appendCount),
  };
  if (typeof extras === 'string') version.extras = extras;
  if (typeof userId === 'string') version.userId = userId;
  if (typeof description === 'string') version.description = description;
  if (typeof metadata === 'string') version.metadata = metadata;
  return version;
}

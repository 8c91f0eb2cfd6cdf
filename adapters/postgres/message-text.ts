// The whole data of a message as a text that can grow. The engine keeps what is joined as a tree of its parts, so a fragment costs
// the same however long the text has become, and every version can hold its own.

export interface MessageText {
  /** Serial of the version, or create, that has this data. */
  readonly serial: number;
  /** JSON text without its closing quote; null: no data. */
  readonly open: string | null;
  readonly close: '"' | '';
}

/** @param data JSON text of whole data */
export function textOf(serial: number, data: string | null): MessageText {
  if (data === null) return { serial, open: null, close: '' };
  if (!data.startsWith('"')) return { serial, open: data, close: '' };
  return { serial, open: data.slice(0, -1), close: '"' };
}

/** @param fragment JSON text of a string */
export function withFragment({ open }: MessageText, serial: number, fragment: string | null): MessageText {
  return { serial, open: (open ?? '"') + (fragment ?? '""').slice(1, -1), close: '"' };
}

export function wholeOf({ open, close }: MessageText): string | null {
  return open === null ? null : open + close;
}

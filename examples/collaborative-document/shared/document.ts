// What backend and page agree on: the channel, its events, shapes of calls. A paragraph is a message; its versions are its history,
// its reactions are annotations.

export const DOCUMENT_CHANNEL = 'document';
/** Event of a paragraph. Its data is the text. */
export const PARAGRAPH_EVENT = 'paragraph';
/** Annotations: somebody may have each reaction once. */
export const REACTION_TYPE = 'reactions:distinct.v1';
export const REACTIONS = ['agree', 'love', 'great', 'unsure'] as const;
/** Longest paragraph, in characters. */
export const MAX_TEXT = 4000;

/** Who writes. The id stands in every version and reaction. */
export interface Writer {
  /** `NAME#XXXX`. */
  readonly id: string;
  readonly name: string;
}

export interface Session {
  readonly token: string;
  readonly user: Writer;
}

/** The name in an id; a paragraph without one is the example's own. */
export const nameOf = (id: string | undefined): string => id?.split('#')[0] ?? 'Sockudo';

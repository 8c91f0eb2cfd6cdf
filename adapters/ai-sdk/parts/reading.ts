/** Reads a message as it stands: the way from pieces to what is shown. */
import { messageOf } from './builder.ts';
import type { AnyChunk, UIMessage } from './chunk.ts';
import { chunksOf, type Ending } from './chunks.ts';
import type { Piece } from './piece.ts';
import { tracksOf } from './tracks.ts';

/** An answer: all pieces that one message of the assistant's is made of. */
export function assistantMessage(id: string, pieces: readonly Piece[], ending: Ending): UIMessage {
  return messageOf(id, chunksOfPieces(pieces, ending));
}

export const chunksOfPieces = (pieces: readonly Piece[], ending: Ending): AnyChunk[] =>
  chunksOf(tracksOf(pieces, ending.over), ending);

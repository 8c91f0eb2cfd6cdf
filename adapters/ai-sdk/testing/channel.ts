// What an agent has published, as readers have it: whole, or as it stood at any moment.
import type { FakeServer } from '../../../ai-transport/agent/testing/fake-server.ts';
import type { Piece } from '../parts/piece.ts';

/** Pieces of the answer after so many operations. */
export function piecesAfter({ stored }: FakeServer, count = Number.POSITIVE_INFINITY): Piece[] {
  const pieces = new Map<string, Piece>();
  for (const { kind, name, serial, data = '', transport, codec } of stored.slice(0, count)) {
    if (name !== 'ai-output') continue;
    const known = pieces.get(serial);
    const headers = transport['run-id'] === undefined ? undefined : { codec, transport };
    const text = kind === 'append' ? `${known?.text ?? ''}${data}` : data;
    // CAST: the agent writes only these.
    const status = (headers?.transport.stream === 'true' ? transport.status : undefined) as Piece['status'];
    pieces.set(serial, {
      key: serial,
      codec: headers?.codec ?? known?.codec ?? {},
      text,
      status: headers === undefined ? known?.status : status,
      isInput: false,
    });
  }
  return [...pieces.values()];
}

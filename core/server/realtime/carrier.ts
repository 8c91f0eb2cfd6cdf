// What a connection needs of the thing that carries it, besides writing: a WebSocket, or a stream of events.

export interface Carrier {
  /** Says good-bye with this code and ends. */
  close(code: number, reason: string): void;
  /** Ends at once. */
  terminate(): void;
  /** Asks for a sign of life. */
  ping(payload: Buffer): void;
  /** Nothing more is read until `resume`. */
  pause(): void;
  resume(): void;
}

// A stand-in on a port of its own, with two small documents, and with a pace that tests hold in their hands.
import type { Socket } from 'node:net';
import { createLocalModel, type Pace } from '../index.ts';

export const DOCUMENTS = [
  {
    source: 'boats.md',
    text: '# Boats\n\nA boat floats.\n\n## Sails\n\nA sail is made of cloth.\n\n- Red sails are seen from far.\n- White sails are not.\n',
  },
  { source: 'tea.md', text: '# Tea\n\nTea wants four minutes.\n\n```sh\nkettle --on\n```\n' },
];

export const WEATHER = {
  name: 'get_weather',
  description: 'The weather in a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['celsius', 'fahrenheit'] } },
    required: ['city'],
  },
};

export interface TestModel {
  readonly address: string;
  /** All that was said since `reset`. */
  readonly pieces: string[];
  /** What was waited for, in ms. */
  readonly delays: number[];
  /** In place of the clock; by default nothing is waited for. */
  onPiece: Pace;
  reset(): void;
  /** Resolves when the next connection is closed. */
  nextClose(): Promise<void>;
  close(): Promise<void>;
}

export async function openTestModel(settings = ''): Promise<TestModel> {
  const pieces: string[] = [];
  const delays: number[] = [];
  const sockets = new Set<Socket>();
  const immediate: Pace = async () => {};
  const app = createLocalModel({
    documents: DOCUMENTS,
    settings,
    pace: async (piece, delayMs) => {
      pieces.push(piece);
      delays.push(delayMs);
      await model.onPiece(piece, delayMs);
    },
  });
  app.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const model: TestModel = {
    address: await app.listen({ host: '127.0.0.1', port: 0 }),
    pieces,
    delays,
    onPiece: immediate,
    reset() {
      pieces.length = 0;
      delays.length = 0;
      model.onPiece = immediate;
    },
    nextClose: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.once('close', () => resolve());
      }),
    close: () => app.close(),
  };
  return model;
}

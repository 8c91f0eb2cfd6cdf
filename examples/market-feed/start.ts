// Starts the example: the realtime server with the page, then the backend.
import { fileURLToPath } from 'node:url';
import { type ExampleOptions, type RunningExample, startExample as start } from '@sockudo/example-kit';

export const startExample = (options: ExampleOptions): Promise<RunningExample> =>
  start(
    { name: 'market feed', server: program('./server/main.ts'), backend: program('./backend/main.ts') },
    options,
  );

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export type { RunningExample };

import { afterAll, beforeAll, expect } from 'vitest';
import { startTestServer, type TestServer } from './test-server.ts';

/**
 * One server for all tests of a file: starts before them and ends after them, when it must have had nothing to complain about.
 * Call it where tests are collected; what it answers stands for the server, and is of use from `beforeAll` on.
 */
export function sharedTestServer(start: () => Promise<TestServer> = startTestServer): TestServer {
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.close();
    expect(server.complaints).toEqual([]);
  });
  return {
    get host() {
      return server.host;
    },
    get port() {
      return server.port;
    },
    get app() {
      return server.app;
    },
    get complaints() {
      return server.complaints;
    },
    request: (method, path, options) => server.request(method, path, options),
    publish: (channel, name, data, more) => server.publish(channel, name, data, more),
    close: () => server.close(),
  };
}

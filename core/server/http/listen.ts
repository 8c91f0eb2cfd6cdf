// Opening a port, with failures that an operator can act on.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** @param setting the name of the setting that holds the port, for the error text */
export function listenOn(server: Server, host: string, port: number, setting: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off('listening', onListening);
      reject(new Error(`${setting}: cannot listen on ${host}:${port}: ${reasonOf(error)}`, { cause: error }));
    };
    const onListening = (): void => {
      server.off('error', onError);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error(`${setting}: no TCP address`));
      else resolve(address);
    };
    server.once('error', onError);
    server.once('listening', onListening);
    server.listen(port, host);
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'the port is already in use';
    case 'EACCES':
      return 'not permitted';
    case 'EADDRNOTAVAIL':
      return 'the host address is not on this machine';
    default:
      return error.message;
  }
}

// What stands before several nodes: a port whose connections go to the nodes in turn. One that does not answer is passed over, so that
// a client which comes back after the death of its node reaches a living one. Bytes only; knows no protocol.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface LoadBalancer extends Address {
  /** Cuts all connections. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** The first connection goes to the first node. */
export async function startLoadBalancer(nodes: readonly Address[]): Promise<LoadBalancer> {
  const sockets = new Set<Socket>();
  let turn = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Its end is what matters, and `close` tells that.
    socket.on('error', () => {});
  };
  const serve = async (client: Socket): Promise<void> => {
    const first = turn++;
    for (let attempt = 0; attempt < nodes.length; attempt += 1) {
      const node = nodes[(first + attempt) % nodes.length];
      const upstream = node === undefined ? null : await reach(node);
      if (upstream === null) continue;
      keep(upstream);
      join(client, upstream);
      return;
    }
    client.destroy();
  };
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (client) => {
    keep(client);
    void serve(client);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a port was expected');
  return {
    host: HOST,
    port: address.port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function reach({ host, port }: Address): Promise<Socket | null> {
  const socket = connect({ host, port, noDelay: true });
  try {
    await once(socket, 'connect');
    return socket;
  } catch {
    return null;
  }
}

/** Bytes and ends go through both ways; a cut on one side is a cut on the other. */
function join(client: Socket, node: Socket): void {
  client.pipe(node);
  node.pipe(client);
  client.on('close', () => node.destroy());
  node.on('close', () => client.destroy());
  if (client.destroyed) node.destroy();
}

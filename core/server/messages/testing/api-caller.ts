// Test support: signed requests to the HTTP side over a real port, with durable channels in memory behind it. Not used by the
// server.
import type { App } from '../../apps/app.ts';
import { fakeApp, fakeDeps, signedQuery } from '../../http/fake-deps.ts';
import { createHttpFront } from '../../http/front.ts';
import { type DurableChannels, type DurableChannelsOptions, durableChannels } from './durable-channels.ts';

export interface JsonItem {
  readonly serial: number;
  readonly message: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

/** The members that tests go on with; everything else is asserted on by shape. */
export interface JsonBody {
  readonly items: readonly JsonItem[];
  readonly item: JsonItem;
  readonly next_cursor: string | null;
  readonly has_more: boolean;
  readonly continuity: Readonly<Record<string, unknown>>;
  readonly stream: Readonly<Record<string, unknown>>;
  readonly new_stream_id: string;
  readonly version_serial: string;
  readonly annotationSerial: string;
  readonly [member: string]: unknown;
}

export interface Reply {
  readonly status: number;
  readonly body: JsonBody;
}

export interface ApiCaller extends DurableChannels {
  readonly app: App;
  get(path: string, query?: Readonly<Record<string, string>>): Promise<Reply>;
  post(path: string, body: unknown): Promise<Reply>;
  del(path: string, query?: Readonly<Record<string, string>>): Promise<Reply>;
  close(): Promise<void>;
}

export const durableApp = (changes: Partial<App> = {}): App =>
  fakeApp({
    history: { enabled: true, rewindEnabled: true, retention: {} },
    versionsEnabled: true,
    annotationsEnabled: true,
    ...changes,
  });

/** Paths are those below `/apps/{id}`. */
export async function startApi(
  options: DurableChannelsOptions & { readonly app?: App } = {},
): Promise<ApiCaller> {
  const { app = durableApp() } = options;
  const channels = durableChannels(options);
  const { history, mutations, annotations } = channels;
  const front = await createHttpFront(fakeDeps({ apps: [app], deps: { history, mutations, annotations } }));
  const { port } = await front.listen();
  async function send(method: string, path: string, query: Readonly<Record<string, string>>, body?: unknown) {
    const text = body === undefined ? null : JSON.stringify(body);
    const full = `/apps/${app.id}${path}`;
    const response = await fetch(
      `http://127.0.0.1:${port}${full}?${signedQuery(method, full, text, { app, query })}`,
      {
        method,
        ...(text !== null && { body: text, headers: { 'content-type': 'application/json' } }),
      },
    );
    // CAST: a body of another shape fails where it is asserted on.
    return { status: response.status, body: (await response.json()) as JsonBody };
  }
  return {
    ...channels,
    app,
    get: (path, query = {}) => send('GET', path, query),
    post: (path, body) => send('POST', path, {}, body),
    del: (path, query = {}) => send('DELETE', path, query),
    close: () => front.close(),
  };
}

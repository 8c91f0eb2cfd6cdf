// Push as a plug-in of core: paths of the HTTP API, pushes made from events, and what runs behind them while the server does.
import type {
  App,
  Connection,
  Plugin,
  PluginMetric,
  Publication,
  PublishFacts,
  PushSettings,
  RealtimeContext,
  Settings,
} from '@sockudo/server/plugins';
import { visibilityRequests } from './away/report.ts';
import { environmentCredentials } from './credentials/environment.ts';
import { dispatcherOf } from './dispatcher.ts';
import { pushRoutes } from './http/routes.ts';
import { metricsOf } from './metric-series.ts';
import { PushMetrics } from './metrics.ts';
import {
  createPushService,
  type PushService,
  type PushServiceOptions,
  type StartDispatcher,
} from './service.ts';

/** None where push is off. */
export function createPlugins({ push: settings }: Pick<Settings, 'push'>): readonly Plugin[] {
  return settings === null ? [] : [new PushPlugin(settings)];
}

export class PushPlugin implements Plugin {
  readonly name = 'push';
  readonly metrics: readonly PluginMetric[];
  readonly routes = pushRoutes(() => this.service);
  readonly platformRequests = visibilityRequests(() => this.service.visibility);
  readonly #options: PushServiceOptions;
  #service: PushService | null = null;

  /**
   * @param startDispatcher default: the real delivery
   * @throws Error that names the setting of a credential that cannot be used
   */
  constructor(settings: PushSettings, startDispatcher: StartDispatcher = dispatcherOf) {
    const metrics = new PushMetrics();
    const environment = environmentCredentials(settings);
    this.#options = { settings, environment, metrics, startDispatcher };
    this.metrics = metricsOf(metrics);
  }

  /** Of the running server. */
  get service(): PushService {
    if (this.#service === null) throw new Error('push was not started');
    return this.#service;
  }

  start(context: RealtimeContext): void {
    this.#service = createPushService(context, this.#options);
  }

  checkPublish(_app: App, channel: string, facts: PublishFacts): void {
    this.service.events.checkPublish(channel, facts);
  }

  beforeCommit(app: App, publications: readonly Publication[]): Promise<void> | undefined {
    return this.service.events.beforeCommit(app, publications);
  }

  published(publication: Publication): void {
    this.service.events.published(publication);
  }

  disconnected(connection: Connection): void {
    this.service.visibility.forget(connection);
  }

  async close(): Promise<void> {
    await this.#service?.close();
  }
}

// The apps of this server, by id and by key.
import type { App } from './app.ts';

export class AppRegistry {
  readonly #byId = new Map<string, App>();
  readonly #byKey = new Map<string, App>();
  readonly #apps: readonly App[];

  /** Ids and keys are unique; the configuration check sees to that. */
  constructor(apps: readonly App[]) {
    this.#apps = apps;
    for (const app of apps) {
      this.#byId.set(app.id, app);
      this.#byKey.set(app.key, app);
    }
  }

  byId(id: string): App | undefined {
    return this.#byId.get(id);
  }

  byKey(key: string): App | undefined {
    return this.#byKey.get(key);
  }

  all(): readonly App[] {
    return this.#apps;
  }
}

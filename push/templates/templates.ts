// Templates in the store, by id.
import type { KeyedStore } from '@sockudo/server/ports';
import { keys, prefixes } from '../store/keys.ts';
import { list, putOf, read, recordOf } from '../store/records.ts';
import type { Template } from './template.ts';

export class Templates {
  readonly #store: KeyedStore;

  constructor(store: KeyedStore) {
    this.#store = store;
  }

  async put(appId: string, template: Template): Promise<void> {
    await this.#store.write([putOf(keys.template(appId, template.templateId), template)]);
  }

  get(appId: string, templateId: string): Promise<Template | null> {
    return read<Template>(this.#store, keys.template(appId, templateId));
  }

  async list(
    appId: string,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<{ readonly items: readonly Template[]; readonly next: string | null }> {
    const { entries, next } = await list(this.#store, prefixes.templates(appId), page);
    return { items: entries.map((entry) => recordOf<Template>(entry)), next };
  }

  async remove(appId: string, templateId: string): Promise<void> {
    await this.#store.write([{ kind: 'delete', key: keys.template(appId, templateId) }]);
  }
}

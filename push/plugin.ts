// Push as a plug-in of core.
import type { Plugin, Settings } from '@sockudo/server/plugins';

/** None where push is off. */
export function createPlugins(_settings: Pick<Settings, 'push'>): readonly Plugin[] {
  return [];
}

// The plug-ins that the configuration asks for. They are packages that are loaded by name, as the stores are: core never imports one.
import type { Settings } from '../settings.ts';
import type { Plugin } from './plugin.ts';

/** What a plug-in's package offers. */
interface PluginPackage {
  createPlugins(settings: Settings): readonly Plugin[];
}

/** Rejects with a text that names the setting when a plug-in cannot be had. */
export async function loadPlugins(settings: Settings): Promise<readonly Plugin[]> {
  const plugins: Plugin[] = [];
  if (settings.aiTransport !== null)
    plugins.push(...(await load('ai_transport.enabled', '@sockudo/ai-transport-server', settings)));
  if (settings.push !== null) plugins.push(...(await load('push', '@sockudo/push', settings)));
  return plugins;
}

async function load(setting: string, name: string, settings: Settings): Promise<readonly Plugin[]> {
  let plugin: PluginPackage;
  try {
    // CAST: the packages named above export what PluginPackage says; their tests start servers with it.
    plugin = (await import(name)) as PluginPackage;
  } catch (error) {
    throw new Error(`${setting}: needs the package ${name}`, { cause: error });
  }
  return plugin.createPlugins(settings);
}

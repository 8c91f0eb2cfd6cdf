// How a channel of an app is named in keys. An app id cannot reach into another's names.

export function channelName(appId: string, channel: string): string {
  return `${encodeURIComponent(appId)}:${channel}`;
}

export function parseChannelName(name: string): { readonly appId: string; readonly channel: string } {
  const colon = name.indexOf(':');
  return { appId: decodeURIComponent(name.slice(0, colon)), channel: name.slice(colon + 1) };
}

// A rule that makes pushes of events (push.md section 5.2): which events it is for, and what their data becomes.
import { isJsonObject, member, tryParseJson } from '@sockudo/protocol';
import type { PushRule } from '@sockudo/server/plugins';
import { type Payload, parsePayload } from '../publish/intent.ts';
import { invalid } from '../refusal.ts';

export function matches({ channelPattern, events }: PushRule, channel: string, event: string): boolean {
  if (!events.includes(event)) return false;
  return channelPattern.endsWith('*')
    ? channel.startsWith(channelPattern.slice(0, -1))
    : channel === channelPattern;
}

/**
 * The notification that an event makes.
 * @param data JSON text of the frame's data: an object, or a string that holds one @throws ProtocolError 400
 */
export function payloadOf(rule: PushRule, data: string): Payload {
  const { titleField, bodyField, dataField, includesRest } = rule;
  const content = objectOf(data);
  const title = textOf(content, titleField);
  const body = textOf(content, bodyField);
  const others = Object.entries(content).filter(([name]) => name !== titleField && name !== bodyField);
  const templateData = { [dataField]: Object.fromEntries(others) };
  return parsePayload({ title, body, ...(includesRest && others.length > 0 && { templateData }) });
}

function objectOf(data: string): { readonly [name: string]: unknown } {
  const value = tryParseJson(data);
  const content = typeof value === 'string' ? tryParseJson(value) : value;
  if (!isJsonObject(content)) throw invalid('data of an event with a push rule must be an object');
  return content;
}

function textOf(content: { readonly [name: string]: unknown }, name: string): string {
  const value = member(content, name);
  if (typeof value === 'string') return value;
  throw invalid(`data of an event with a push rule must have the text '${name}'`);
}

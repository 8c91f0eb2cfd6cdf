// The filter of a subscription as a predicate over messages (realtime.md section 6.6). The protocol package knows filters;
// JMESPath, which expressions are written in, comes from a library and is bounded here.
import { compile, TreeInterpreter } from '@jmespath-community/jmespath';
import {
  type CompileExpression,
  compileFilter,
  createFilterMessage,
  type Filter,
  type FilterMessage,
  parseFilter,
  type SubscribeRequest,
} from '@sockudo/protocol';
import type { Message } from '../ports/message.ts';
import type { Settings } from '../settings.ts';

/** Null: the subscription gets everything. Protocol 1 filters are checked like any other and then have no effect. */
export function subscriptionFilter(
  request: SubscribeRequest,
  protocol: 1 | 2,
  { filters }: Pick<Settings, 'filters'>,
): Filter | null {
  const source = parseFilter(request, filters);
  if (source === null) return null;
  const filter = compileFilter(source, { compileExpression, content: filters.tagsEnabled });
  return protocol === 1 ? null : filter;
}

/** A message as filters see it, live and replayed alike (divergence D39). Made once for each message. */
export function filterMessageOf(message: Message): FilterMessage {
  const { event, name, channel, data, userId, tags, hiddenTags, extras, messageId, position, version } =
    message;
  return createFilterMessage({
    event: name ?? event,
    frameEvent: name === undefined ? undefined : event,
    channel,
    data,
    name,
    userId,
    tags: tags ?? hiddenTags,
    headers: extras?.headers,
    messageId,
    streamId: position?.streamId,
    serial: position?.serial,
    action: version === undefined ? undefined : `message.${version.action}`,
  });
}

const compileExpression: CompileExpression = (source, limits) => {
  const tree = compile(source);
  requireBounded(tree, limits.maxNodes, limits.maxDepth);
  return (document) => TreeInterpreter.search(tree, document as Parameters<typeof TreeInterpreter.search>[1]);
};

function requireBounded(tree: unknown, maxNodes: number, maxDepth: number): void {
  let nodes = 0;
  const visit = (value: unknown, depth: number): void => {
    if (value === null || typeof value !== 'object') return;
    if (!Array.isArray(value)) nodes += 1;
    if (nodes > maxNodes) throw new Error(`expression exceeds ${maxNodes} nodes`);
    if (depth > maxDepth) throw new Error(`expression exceeds a depth of ${maxDepth}`);
    for (const child of Object.values(value)) visit(child, depth + 1);
  };
  visit(tree, 0);
}

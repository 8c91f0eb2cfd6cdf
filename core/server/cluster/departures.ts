// What connections hear when a node of the cluster died: its members have left, its subscriptions no longer count. The node that
// cleared them away tells it for all.
import { channelKind } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { NodeWatch } from '../ports/node-watch.ts';
import {
  announceMemberAdded,
  announceMemberRemoved,
  announceSubscriptionCount,
} from '../realtime/announcements.ts';
import { Channel } from '../realtime/channel.ts';
import type { RealtimeContext } from '../realtime/context.ts';

/** Nobody's: a member that is back is news to every connection. */
const NO_SOCKET = '';

/** Things of apps that this node does not have are cleared away in silence. */
export function announceDepartures(nodes: NodeWatch, context: RealtimeContext): void {
  const apps = new Map<string, App>(context.settings.apps.map((app) => [app.id, app]));
  nodes.listen({
    onMemberGone(appId, channel, userId, deadNodeId) {
      const app = apps.get(appId);
      if (app === undefined) return;
      context.presenceHistory.record(app, channel, {
        event: 'member_removed',
        cause: 'orphan_cleanup',
        userId,
        connectionId: null,
        info: null,
        ...(deadNodeId !== null && { deadNodeId }),
      });
      announceMemberRemoved(context, app, channel, userId);
    },
    onMemberBack(appId, channel, userId, info) {
      const app = apps.get(appId);
      if (app === undefined) return;
      const change = { event: 'member_added', cause: 'join', userId, connectionId: null, info } as const;
      context.presenceHistory.record(app, channel, change);
      announceMemberAdded(context, app, channel, { userId, info }, NO_SOCKET);
    },
    onCountDropped(appId, channel, count) {
      const app = apps.get(appId);
      if (app === undefined) return;
      announceSubscriptionCount(
        context,
        app,
        new Channel(channel, channelKind(channel)),
        count,
        'unsubscribed',
      );
    },
  });
}

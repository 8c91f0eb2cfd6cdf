// The service worker of that page.
import { handlePush } from '@sockudo/client/push/worker';
import { answerPushManager } from './push-service.fixture.ts';

answerPushManager();
handlePush(self, {
  waiting: { random: () => 0, sleep: async () => {} },
  shows: ({ data }) => data.quiet !== true,
});

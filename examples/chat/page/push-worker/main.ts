// The service worker: shows pushes while no window is open, leads to the conversation, posts the answers of buttons. Built as one file at
// the root, so that it has the whole page as its scope.
import { handlePush } from '@sockudo/client/push/worker';

handlePush(self);

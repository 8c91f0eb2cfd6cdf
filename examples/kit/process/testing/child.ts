// A process for the tests of supervise.ts: what it does is told by its environment.
import { onStop, reportReady } from '../child.ts';

if (process.env.CHILD === 'fails') process.exit(3);
onStop(async () => {});
reportReady({ pid: process.pid });
// Something to live for.
process.on('message', () => process.send?.({ echoed: true }));

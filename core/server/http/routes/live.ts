// GET /live: the process runs. Asks nothing, so that a slow store never gets the process killed.
import type { HttpAnswer, OpenRoute } from '../exchange-types.ts';

const ALIVE: HttpAnswer = { status: 200, contentType: null, body: '' };

export const liveRoute: OpenRoute = {
  kind: 'open',
  path: '/live',
  methods: { GET: async () => ALIVE },
};

// POST /apps/:appId/channels/:channel/messages/:serial/appends: many appends to one message in one request, acknowledged line
// by line while the request goes on. Signed like a POST with an empty body, since its body is not known yet.
import { AppendStream } from '../../streams/append-stream.ts';
import type { AppCall, StreamAnswer, StreamRoute } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { channelParameter, serialParameter } from '../path-parameters.ts';
import { MESSAGE } from './messages.ts';

export const NDJSON_TYPE = 'application/x-ndjson';

/** @throws ProtocolError 400, 404, 422 before anything of the body is read */
async function openAppends(call: AppCall, deps: HttpDeps): Promise<StreamAnswer> {
  const { app } = call;
  const { mutations, logger } = deps;
  const channel = channelParameter(call, deps);
  const serial = serialParameter(call);
  mutations.requireMutable(app, channel);
  await mutations.requireMessage(app, channel, serial);
  const counters = deps.counters.of(app.id);
  return {
    contentType: NDJSON_TYPE,
    beat: '\n',
    run: (io) =>
      new AppendStream(io, {
        append: (requests) => mutations.changeInOrder(app, channel, serial, requests),
        refusal: (result, request) => mutations.refusalOf(result, channel, serial, request),
        logger,
        maxLineBytes: deps.settings.http.maxBodyBytes,
        onTraffic(received, sent) {
          counters.httpReceivedBytes += received;
          counters.httpTransmittedBytes += sent;
        },
      }).run(),
  };
}

export const appendStreamRoute: StreamRoute = {
  kind: 'stream',
  path: `${MESSAGE}/appends`,
  methods: { POST: openAppends },
};

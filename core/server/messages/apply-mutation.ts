// What a mutation makes of a message: pure functions from the present state and the request to the next version. They run inside
// the log's step, where no other mutation of the message can come between.
import {
  type AnyMutationRequest,
  type AppendRequest,
  type DeleteRequest,
  httpError,
  type UpdateRequest,
} from '@sockudo/protocol';
import type { MessageState, VersionDraft } from '../ports/message-log.ts';

/** @throws ProtocolError 400 `invalid_input` for an append to what is no text */
export function applyMutation(current: MessageState, request: AnyMutationRequest): VersionDraft {
  switch (request.kind) {
    case 'update':
      return applyUpdate(current, request);
    case 'delete':
      return applyDelete(current, request);
    case 'append':
      return applyAppend(current, request);
  }
}

/** Given fields replace whole ones, named fields are cleared, the rest stays. */
export function applyUpdate(current: MessageState, request: UpdateRequest): VersionDraft {
  const event = request.name ?? (request.clear.has('name') ? null : current.event);
  return { action: 'update', event, ...contentAfter(current, request), ...explanationOf(request) };
}

/** Marks the message as deleted. What it showed stays unless it is replaced or cleared. */
export function applyDelete(current: MessageState, request: DeleteRequest): VersionDraft {
  const event = request.clear.has('name') ? null : current.event;
  return { action: 'delete', event, ...contentAfter(current, request), ...explanationOf(request) };
}

/** Adds to the end of a text. The present text is not read, so that an append costs the same at any length. */
export function applyAppend(current: MessageState, request: AppendRequest): VersionDraft {
  if (current.dataKind !== 'string') {
    throw httpError('invalid_input', 'append requires the current message data to be a string');
  }
  return {
    action: 'append',
    event: current.event,
    data: request.data,
    ...extrasAfter(request.extras ?? current.extras),
    ...explanationOf(request),
  };
}

function contentAfter(
  current: MessageState,
  { data, extras, clear }: UpdateRequest | DeleteRequest,
): Pick<VersionDraft, 'data' | 'extras'> {
  return {
    data: data ?? (clear.has('data') ? null : current.data()),
    ...extrasAfter(extras ?? (clear.has('extras') ? undefined : current.extras)),
  };
}

const extrasAfter = (extras: string | undefined): Pick<VersionDraft, 'extras'> =>
  extras === undefined ? {} : { extras };

function explanationOf({
  clientId,
  description,
  metadata,
}: AnyMutationRequest): Pick<VersionDraft, 'userId' | 'description' | 'metadata'> {
  return {
    ...(clientId !== undefined && { userId: clientId }),
    ...(description !== undefined && { description }),
    ...(metadata !== undefined && { metadata }),
  };
}

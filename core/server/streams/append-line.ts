// One line of a stream of appends: the body of a single append, with an op_id that it can't do without. Pure.
// Source: docs/streaming-appends.md; the shape of a body is that of http sheet 7.
import { isUtf8 } from 'node:buffer';
import { type AppendRequest, httpError, parseAppend } from '@sockudo/protocol';

export type StreamedAppend = AppendRequest & { readonly opId: string };

/** JSON's own whitespace; a line of nothing else is a sign of life. */
export function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** @throws ProtocolError 400 `invalid_input` for what is no JSON or has no op_id, and what `parseAppend` throws */
export function parseAppendLine(line: Buffer): StreamedAppend {
  if (!isUtf8(line)) throw httpError('invalid_input', 'Line is not valid UTF-8');
  const request = parseAppend(parseJson(line.toString('utf8')));
  if (!hasOpId(request)) throw httpError('invalid_input', "Every line needs an 'op_id'");
  return request;
}

const hasOpId = (request: AppendRequest): request is StreamedAppend => request.opId !== undefined;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw httpError('invalid_input', 'Line is not valid JSON');
  }
}
